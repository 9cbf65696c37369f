"""The life of a suspicious price: held, seen again, applied by itself, withdrawn, decided."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.db.conftest import Another
from tests.db.price_chains import broken_chains
from tests.db.price_changes import catalogue_says, guard
from tests.db.price_decisions import call, charged, prices
from tests.db.pricing import Pricing, Row, catalogue_price, price

WRONG = "300"
# For a model that had no price yet.
FIRST = "30000"


@pytest.fixture(autouse=True)
def guarded(pricing: Pricing) -> None:
    """A list of one model at $0.3 and $0.6 for 1M."""
    guard(pricing)
    say(pricing, "0.3")


def listed(input_per_1m: object, model: str = "m", **more: Any) -> Row:
    said = prices(input_per_1m, "0.6", **{k: v for k, v in more.items() if k.startswith("price_")})
    rest = {k: v for k, v in more.items() if not k.startswith("price_")}
    return price(model, None, None, **said, **rest)


def say(pricing: Pricing, *input_per_1m: object, **arguments: object) -> Row:
    """Sync a list that has m, m1, m2 ... at these prices."""
    models = [listed(amount, f"m{n}" if n else "m") for n, amount in enumerate(input_per_1m)]
    return pricing.sync("openrouter", models, **arguments)


def held_rows(pricing: Pricing, model: str = "m") -> list[Row]:
    return pricing.rows(
        "select h.* from public.pricing_held_all h"
        " join public.model_pricing m on m.id = h.model_id where m.model_id = %s order by h.id",
        model,
    )


def statuses(pricing: Pricing, model: str = "m") -> list[tuple[str, bool]]:
    return [(row["status"], row["still_said"]) for row in held_rows(pricing, model)]


def age(pricing: Pricing, hours: float) -> None:
    pricing.do(
        "update public.pricing_held_changes set first_seen_at = first_seen_at - %s * interval"
        " '1 hour' where status = 'held'",
        hours,
    )


def input_per_1m(pricing: Pricing, model: str = "m") -> float:
    return float(pricing.model(model)["price_per_input_token"] * 1_000_000)


def counts(log: Row) -> tuple[int, int, int, int]:
    """Fetched, updated, unchanged, held."""
    names = ("models_fetched", "models_updated", "models_unchanged", "models_held")
    fetched, updated, unchanged, held = (log[name] for name in names)
    return fetched, updated, unchanged, held


# Held.


def test_a_suspicious_price_is_kept_and_not_charged(pricing: Pricing) -> None:
    before = pricing.model("m"), pricing.history("m")
    raw = {"prompt": {"text": "0.0003", "unit": "usd_per_token", "axis": "price_per_input_token"}}
    attempt = pricing.start()
    log = pricing.apply(
        attempt,
        [listed(WRONG, raw=raw, extra={}), listed("0.5", "other")],
        observed_at="2026-01-02",
    )

    assert counts(log) == (2, 1, 0, 1)
    assert (pricing.model("m"), pricing.history("m")) == before
    assert input_per_1m(pricing, "other") == 0.5
    (row,) = held_rows(pricing)
    assert (row["status"], row["class"], row["ratio"], row["to_zero"]) == (
        *("held", "unit", 1000, False),
    )
    assert row["reason"] == "unit: input_per_1m moves by 1,000 times (0.3 -> 300)"
    assert row["prices"] == prices(WRONG, "0.6")
    assert row["previous"] == prices("0.3", "0.6")
    assert row["evidence"][0]["text"] == "0.0003"
    assert (row["raw"], row["pricing_source"]) == (raw, "api:openrouter")
    assert str(row["first_job_id"]) == str(row["job_id"]) == attempt.job_id
    assert row["first_seen_at"] == row["last_seen_at"] == log["applied_at"]
    assert (row["times_seen"], row["still_said"], row["decided_at"]) == (1, True, None)
    assert row["provider_slug"] == "openrouter"


def test_the_same_attempt_again_holds_nothing_more(pricing: Pricing) -> None:
    attempt = pricing.start()
    first = pricing.apply(attempt, [listed(WRONG)])
    with pricing.nothing_written():
        assert pricing.apply(attempt, [listed(WRONG)]) == first


def test_a_held_first_price_leaves_the_model_unknown(pricing: Pricing) -> None:
    log = say(pricing, "0.3", "30000")
    assert counts(log) == (2, 0, 1, 1)
    assert charged(pricing, "m1") == {}
    model = pricing.model("m1")
    assert (model["is_active"], model["last_changed_at"]) == (True, None)
    assert pricing.history("m1") == []


def test_it_is_seen_again_ten_times_and_never_written(pricing: Pricing) -> None:
    for seen in range(1, 11):
        log = say(pricing, WRONG)
        age(pricing, 1000)
        assert counts(log) == (1, 0, 0, 1)
        (row,) = held_rows(pricing)
        assert (row["times_seen"], row["last_seen_at"]) == (seen, log["applied_at"])
        assert row["job_id"] == log["job_id"]
    assert row["first_job_id"] != row["job_id"]
    assert input_per_1m(pricing) == 0.3
    assert len(pricing.history("m")) == 1


def test_a_held_price_is_not_announced(pricing: Pricing, another: Another) -> None:
    listener = another()
    listener.listen("pricing_changed")
    say(pricing, WRONG, "0.5")
    ((_, payload),) = listener.heard(pricing)
    assert json.loads(payload)["count"] == 1


# The provider's next list.


def test_another_price_supersedes_it_and_is_judged_afresh(pricing: Pricing) -> None:
    say(pricing, WRONG)
    say(pricing, "3000")
    assert statuses(pricing) == [("superseded", False), ("held", True)]
    assert held_rows(pricing)[0]["decided_by"] == "api_sync:openrouter"
    log = say(pricing, "0.4")
    assert counts(log) == (1, 1, 0, 0)
    assert statuses(pricing) == [("superseded", False), ("superseded", False)]
    assert input_per_1m(pricing) == 0.4


def test_the_accepted_price_again_withdraws_it(pricing: Pricing) -> None:
    say(pricing, WRONG)
    log = say(pricing, "0.3")
    assert counts(log) == (1, 0, 1, 0)
    assert statuses(pricing) == [("withdrawn", False)]
    say(pricing, WRONG)
    assert statuses(pricing) == [("withdrawn", False), ("held", True)]


def test_float_noise_is_the_same_price(pricing: Pricing) -> None:
    say(pricing, WRONG)
    say(pricing, "300.00000000000001")
    (row,) = held_rows(pricing)
    assert (row["times_seen"], row["prices"]) == (2, prices(WRONG, "0.6"))


def test_so_is_the_price_that_the_clock_shows(pricing: Pricing) -> None:
    windows = [{"utc_start": 0, "utc_end": 1200, "price_per_input_token": "0.0001"}]
    day, night = (listed(amount, conditions=windows) for amount in (WRONG, "100"))
    pricing.sync("openrouter", [day], observed_at="2026-01-02T13:00:00Z")
    pricing.sync("openrouter", [night], observed_at="2026-01-02T02:00:00Z")
    (row,) = held_rows(pricing)
    assert row["times_seen"] == 2
    assert row["prices"]["price_per_input_token"] == prices(WRONG)["price_per_input_token"]


def test_a_missing_or_skipped_model_keeps_what_is_held(pricing: Pricing) -> None:
    rest = [price(name) for name in "abc"]
    pricing.sync("openrouter", [*rest, listed(WRONG)])
    before = held_rows(pricing)
    for _ in range(4):
        pricing.sync("openrouter", rest)
    pricing.sync("openrouter", rest, skipped=[{"model_id": "m", "reason": "odd"}])
    assert held_rows(pricing) == before
    assert pricing.model("m")["is_active"] is False
    log = pricing.sync("openrouter", [*rest, listed(WRONG)])
    assert counts(log) == (4, 0, 3, 1)
    assert held_rows(pricing)[0]["times_seen"] == 2
    assert pricing.model("m")["is_active"] is True


def test_a_list_that_is_as_it_was_says_it_once_more(pricing: Pricing) -> None:
    say(pricing, "3")
    log = pricing.sync("openrouter", None)
    assert counts(log) == (1, 0, 0, 1)
    assert held_rows(pricing)[0]["times_seen"] == 2
    age(pricing, 24)
    log = pricing.sync("openrouter", None)
    assert counts(log) == (1, 1, 0, 0)
    assert input_per_1m(pricing) == 3
    assert statuses(pricing) == [("applied", True)]
    assert pricing.history("m")[-1]["job_id"] == log["job_id"]


def test_but_only_what_that_list_said(pricing: Pricing) -> None:
    rest = [price(name) for name in "abc"]
    pricing.sync("openrouter", [*rest, listed("3")])
    pricing.sync("openrouter", rest, skipped=[{"model_id": "m", "reason": "odd"}])
    log = pricing.sync("openrouter", None)
    assert held_rows(pricing)[0]["times_seen"] == 1
    assert counts(log) == (4, 0, 4, 0)


def test_what_is_said_as_it_was_is_counted_and_not_written(pricing: Pricing) -> None:
    """One written row for each sync, however many changes are held or rejected."""
    say(pricing, WRONG, FIRST)
    reject(pricing, "m1")
    say(pricing, WRONG, FIRST)
    table = pricing.state()["public.pricing_held_changes"]
    for seen, models in ((3, [WRONG, FIRST]), (4, None), (5, [WRONG, FIRST])):
        log = pricing.sync("openrouter", None) if models is None else say(pricing, *models)
        assert log["models_held"] == 2
        assert pricing.state()["public.pricing_held_changes"] == table
        for model in ("m", "m1"):
            (row,) = held_rows(pricing, model)
            assert (row["times_seen"], row["job_id"]) == (seen, log["job_id"])
            assert row["last_seen_at"] == log["applied_at"]


def test_one_that_is_left_out_is_not_counted_with_the_others(pricing: Pricing) -> None:
    say(pricing, WRONG, "0.4", FIRST)
    log = say(pricing, WRONG, "0.4", FIRST)
    left_out = [{"model_id": "m", "reason": "odd"}]
    both = [listed("0.4", "m1"), listed(FIRST, "m2")]
    for _ in range(2):
        pricing.sync("openrouter", both, skipped=left_out)
    (row,), (other,) = held_rows(pricing, "m"), held_rows(pricing, "m2")
    assert (row["times_seen"], row["last_seen_at"]) == (2, log["applied_at"])
    assert (row["job_id"], other["times_seen"]) == (log["job_id"], 4)
    say(pricing, WRONG, "0.4", FIRST)
    assert [held_rows(pricing, m)[0]["times_seen"] for m in ("m", "m2")] == [3, 5]


def test_unit_stays_held_through_lists_that_are_as_they_were(pricing: Pricing) -> None:
    say(pricing, WRONG)
    for _ in range(10):
        age(pricing, 1000)
        assert pricing.sync("openrouter", None)["models_held"] == 1
    assert input_per_1m(pricing) == 0.3


# Changes that are applied without a person.


@pytest.mark.parametrize(
    ("syncs", "hours", "applied"),
    [(2, 23.99, False), (3, 23.99, False), (2, 24, False), (3, 24, True), (4, 24, True)],
)
def test_a_large_one_applies_itself_after_3_syncs_and_24_hours(
    pricing: Pricing, syncs: int, hours: float, applied: bool
) -> None:
    for _ in range(syncs - 1):
        say(pricing, "3")
    age(pricing, hours)
    log = say(pricing, "3")
    (row,) = held_rows(pricing)
    assert row["times_seen"] == syncs
    assert (row["status"] == "applied", log["models_updated"] == 1) == (applied, applied)
    if applied:
        assert row["decided_by"] == "api_sync:openrouter"
        assert f"24 hours and {syncs} syncs" in row["decision_note"]
        latest = pricing.history("m")[-1]
        assert (latest["changed_by"], latest["job_id"]) == ("api_sync:openrouter", log["job_id"])
    assert input_per_1m(pricing) == (3 if applied else 0.3)


@pytest.mark.parametrize(("hours", "applied"), [(71.99, False), (72, True)])
def test_a_fall_to_zero_of_what_is_said_to_be_free_does_after_72_hours(
    pricing: Pricing, hours: float, applied: bool
) -> None:
    free = [listed("0", free=True)]
    pricing.sync("openrouter", free)
    age(pricing, hours)
    pricing.sync("openrouter", free)
    assert (held_rows(pricing)[0]["status"] == "applied") is applied
    assert input_per_1m(pricing) == (0 if applied else 0.3)


def test_an_unmodified_list_says_so_still(pricing: Pricing) -> None:
    pricing.sync("openrouter", [listed("0", free=True)])
    age(pricing, 72)
    pricing.sync("openrouter", None)
    assert held_rows(pricing)[0]["status"] == "applied"


def test_any_other_fall_to_zero_never_does(pricing: Pricing) -> None:
    for _ in range(5):
        say(pricing, "0")
        age(pricing, 1000)
    assert [(row["status"], row["class"]) for row in held_rows(pricing)] == [("held", "unit")]
    assert input_per_1m(pricing) == 0.3


@pytest.mark.parametrize(
    ("syncs", "hours", "applied"), [(3, 24, False), (2, 72, False), (3, 72, True)]
)
def test_one_that_is_both_after_both(
    pricing: Pricing, syncs: int, hours: float, applied: bool
) -> None:
    both = [price("m", None, None, **prices("3", "0"), free=True)]
    for _ in range(syncs - 1):
        pricing.sync("openrouter", both)
    age(pricing, hours)
    pricing.sync("openrouter", both)
    assert (held_rows(pricing)[0]["status"] == "applied") is applied


def test_a_price_that_moves_to_and_fro_never_does(pricing: Pricing) -> None:
    for amount in ("3", "3.1") * 5:
        say(pricing, amount)
        age(pricing, 100)
    assert input_per_1m(pricing) == 0.3


def test_one_that_has_come_to_look_like_another_unit_waits_for_a_person(pricing: Pricing) -> None:
    guard(pricing, guard_large_ratio=50, guard_unit_ratio=2000)
    say(pricing, WRONG)
    assert held_rows(pricing)[0]["class"] == "large"
    catalogue_says(pricing, prices("0.3"))
    for _ in range(4):
        age(pricing, 100)
        say(pricing, WRONG)
    (row,) = held_rows(pricing)
    assert (row["status"], row["class"]) == ("held", "unit")
    assert "catalogue" in row["reason"]


def test_nothing_of_a_list_that_waits_for_a_person_applies_itself(pricing: Pricing) -> None:
    guard(pricing, review_first=True)
    for _ in range(4):
        say(pricing, "3")
        age(pricing, 100)
    assert held_rows(pricing)[0]["status"] == "held"
    guard(pricing, review_first=False)
    say(pricing, "3")
    assert held_rows(pricing)[0]["status"] == "applied"


# Changes that no longer look suspicious.


@pytest.mark.parametrize(
    ("amount", "released"), [("3", True), (WRONG, False)], ids=["large", "unit"]
)
def test_other_bounds_let_a_large_one_go_and_no_unit(
    pricing: Pricing, amount: str, released: bool
) -> None:
    say(pricing, amount)
    guard(pricing, guard_unit_ratio=5000, guard_large_ratio=4000)
    say(pricing, amount)
    assert statuses(pricing) == [("applied" if released else "held", True)]


def test_guards_that_are_switched_off_let_all_go(pricing: Pricing) -> None:
    say(pricing, WRONG)
    guard(pricing, guards_enabled=False)
    say(pricing, WRONG)
    assert statuses(pricing) == [("applied", True)]
    assert input_per_1m(pricing) == 300


def test_one_held_with_its_list_stays_held_when_the_others_were_approved(
    pricing: Pricing,
) -> None:
    amounts = [str(n + 1) for n in range(6)]
    doubled = [str(2 * (n + 1)) for n in range(6)]
    say(pricing, *amounts)
    log = say(pricing, *doubled)
    assert counts(log) == (6, 0, 0, 6)
    ids = [row["id"] for n in range(1, 5) for row in held_rows(pricing, f"m{n}")]
    for held_id in ids:
        call(pricing, "approve_held_price_change", id=held_id, approved_by="ann")
    log = say(pricing, *doubled)
    assert counts(log) == (6, 0, 4, 2)
    (row,) = held_rows(pricing, "m5")
    assert (row["status"], row["times_seen"]) == ("held", 2)
    assert row["reason"] == "unit: 6 of 6 models move by the same factor 2"


def test_a_first_list_waits_until_it_was_reviewed(pricing: Pricing) -> None:
    guard(pricing, review_first=True)
    log = say(pricing, "0.4", "1")
    assert counts(log) == (2, 0, 0, 2)
    assert held_rows(pricing, "m1")[0]["class"] == "first_list"
    say(pricing, "0.4", "1")
    guard(pricing, review_first=False)
    assert counts(say(pricing, "0.4", "1")) == (2, 2, 0, 0)
    assert statuses(pricing, "m1") == [("applied", True)]


# Rejected.


def reject(pricing: Pricing, model: str = "m") -> None:
    call(
        pricing,
        "reject_held_price_change",
        id=held_rows(pricing, model)[-1]["id"],
        rejected_by="ann",
    )


@pytest.mark.parametrize("amount", ["3", WRONG])
def test_a_rejected_price_stays_rejected_while_it_is_said(pricing: Pricing, amount: str) -> None:
    say(pricing, amount)
    reject(pricing)
    pricing.rows(
        "select public.accept_price_changes('openrouter', 5000, now() + interval '1 day', 'x')"
    )
    guard(pricing, guards_enabled=False)
    pricing.do("update public.pricing_held_changes set first_seen_at = '2020-01-01'")
    for seen in (2, 3, 4):
        assert say(pricing, amount)["models_held"] == 1
        (row,) = held_rows(pricing)
        assert (row["status"], row["still_said"], row["times_seen"]) == ("rejected", True, seen)
        assert row["decided_by"] == "ann"
    assert pricing.sync("openrouter", None)["models_held"] == 1
    assert input_per_1m(pricing) == 0.3


@pytest.mark.parametrize("between", ["0.3", "0.4", "30"])
def test_until_something_else_is(pricing: Pricing, between: str) -> None:
    say(pricing, WRONG)
    reject(pricing)
    say(pricing, between)
    assert statuses(pricing)[0] == ("rejected", False)
    say(pricing, WRONG)
    assert statuses(pricing)[-1] == ("held", True)
    assert held_rows(pricing)[-1]["decided_at"] is None


# Rules.


@pytest.mark.parametrize(
    ("up_to", "model", "amount", "applied"),
    [
        *((20, None, "6", True), (20, None, "6.01", False), (20, "m", "6", True)),
        *((20, "m1", "6", False), (2000, "m", WRONG, True), (2000, None, "0", False)),
        *((999, "m", WRONG, False), (10**6, "m", "3000", False)),
    ],
)
def test_a_rule_covers_what_moves_that_far_and_no_more(
    pricing: Pricing, up_to: int, model: str | None, amount: str, applied: bool
) -> None:
    say(pricing, "0.3", "1")
    rule = pricing.value(
        "select id from public.accept_price_changes('openrouter', %s, now() + interval '1 day',"
        " 'announced', model => %s)",
        *(up_to, model),
    )
    assert say(pricing, amount, "1")["models_updated"] == int(applied)
    if applied:
        assert held_rows(pricing) == []
        assert pricing.history("m")[-1]["changed_by"] == "api_sync:openrouter"
        return
    pricing.do("update public.pricing_change_rules set up_to_ratio = 1000000000")
    applies_now = amount not in ("0", "3000") and model != "m1"
    assert say(pricing, amount, "1")["models_updated"] == int(applies_now)
    if applies_now:
        (row,) = held_rows(pricing)
        assert (row["status"], row["decided_by"]) == ("applied", f"rule:{rule}")


@pytest.mark.parametrize(
    "change",
    ["ended_at = now()", "created_at = now() - interval '2 days', expires_at = now()"],
    ids=["ended", "expired"],
)
def test_one_that_is_over_covers_nothing(pricing: Pricing, change: str) -> None:
    pricing.rows(
        "select public.accept_price_changes('openrouter', 20, now() + interval '1 day', 'x')"
    )
    pricing.do(f"update public.pricing_change_rules set {change}")
    assert say(pricing, "3")["models_held"] == 1


def test_a_rule_covers_a_whole_list(pricing: Pricing) -> None:
    say(pricing, *("1" * 6))
    say(pricing, *("2" * 6))
    pricing.rows(
        "select public.accept_price_changes('openrouter', 2, now() + interval '1 day', 'x')"
    )
    assert say(pricing, *("2" * 6))["models_updated"] == 6


def accept(pricing: Pricing, *, up_to_ratio: int) -> None:
    pricing.rows(
        "select public.accept_price_changes('openrouter', %s, now() + interval '1 day', 'x')",
        up_to_ratio,
    )


def moving_list(count: int, *others: Row, is_moved: bool = False) -> list[Row]:
    """Models beside others, as they were or each moved by a factor of its own."""
    factors = [1 + Decimal(n + 2) / 20 if is_moved else 1 for n in range(count)]
    return [*(listed((n + 1) * by, f"l{n}") for n, by in enumerate(factors)), *others]


def test_a_list_of_which_too_many_models_move_waits_as_a_whole(pricing: Pricing) -> None:
    pricing.sync("openrouter", moving_list(12, listed("0.3"), price("lost")))
    wrong = moving_list(
        12, listed("0.31"), listed("1", "new"), price("lost", output=None), is_moved=True
    )
    for seen in range(1, 5):
        log = pricing.sync("openrouter", wrong)
        assert (log["models_updated"], log["models_held"]) == (0, 15)
        (row,) = held_rows(pricing)
        assert (row["status"], row["class"], row["times_seen"]) == ("held", "list", seen)
        age(pricing, 100)
    assert charged(pricing, "new") == {}
    log = pricing.sync("openrouter", None)
    assert (log["models_updated"], log["models_held"]) == (0, 15)


def test_when_the_list_is_right_again_what_moved_with_it_waits_and_first_prices_do_not(
    pricing: Pricing,
) -> None:
    others = (listed("0.31"), listed("1", "new"), price("lost", output=None))
    pricing.sync("openrouter", moving_list(12, listed("0.3"), price("lost")))
    pricing.sync("openrouter", moving_list(12, *others, is_moved=True))
    pricing.sync("openrouter", moving_list(12, *others))
    assert {row["status"] for row in held_rows(pricing, "l0")} == {"withdrawn"}
    assert statuses(pricing) == [("held", True)]
    assert [statuses(pricing, name)[-1][0] for name in ("new", "lost")] == ["applied"] * 2


def test_approving_most_of_a_list_applies_no_other_move(pricing: Pricing) -> None:
    pricing.sync("openrouter", moving_list(12, listed("0.3")))
    wrong = moving_list(12, listed("0.31"), is_moved=True)
    pricing.sync("openrouter", wrong)
    for n in range(12):
        (row,) = held_rows(pricing, f"l{n}")
        pricing.rows("select * from approve_held_price_change(%s, 'somebody')", row["id"])
    for again in (wrong, None, wrong):
        pricing.sync("openrouter", again)
        age(pricing, 1000)
        assert statuses(pricing) == [("held", True)]


def test_a_rule_covers_an_announced_move_of_a_whole_list(pricing: Pricing) -> None:
    pricing.sync("openrouter", moving_list(12, listed("0.3")))
    accept(pricing, up_to_ratio=2)
    cheaper = [listed((n + 1) * Decimal("0.8"), f"l{n}") for n in range(12)]
    log = pricing.sync("openrouter", [*cheaper, listed("0.24"), listed("1", "new")])
    assert (log["models_updated"], log["models_held"]) == (14, 0)


def test_but_nothing_else_in_it(pricing: Pricing) -> None:
    pricing.sync("openrouter", moving_list(12, listed("0.3")))
    accept(pricing, up_to_ratio=2)
    cheaper = [listed((n + 1) * Decimal("0.8"), f"l{n}") for n in range(11)]
    wrong = [listed("1200", "new"), listed("0"), listed("40", "l11")]
    log = pricing.sync("openrouter", [*cheaper, *wrong])
    assert (log["models_updated"], log["models_held"]) == (11, 3)


def test_a_fee_of_half_of_the_list_that_goes_waits_for_72_hours(pricing: Pricing) -> None:
    fee = {"price_per_web_search": "0.01"}
    names = ["m", *(f"l{n}" for n in range(9))]
    pricing.sync("openrouter", [price(name, **fee) for name in names])
    without = [price(name) for name in names]
    for hours, status in ((0, "held"), (71.9, "held"), (0.1, "applied")):
        age(pricing, hours)
        pricing.sync("openrouter", without)
        assert {held_rows(pricing, name)[0]["status"] for name in names} == {status}


def test_a_first_price_far_off_the_catalogue_ripens_as_other_large_ones(pricing: Pricing) -> None:
    catalogue_says(pricing, prices("1"), "new")
    for hours, status in ((0, "held"), (23.9, "held"), (0, "held"), (0.1, "applied")):
        age(pricing, hours)
        pricing.sync("openrouter", [listed("0.3"), listed("20", "new")])
        assert held_rows(pricing, "new")[0]["status"] == status


def test_no_rule_accepts_a_first_list(pricing: Pricing) -> None:
    guard(pricing, review_first=True)
    pricing.rows(
        "select public.accept_price_changes('openrouter', 200, now() + interval '1 day', 'x')"
    )
    assert say(pricing, "3", "1")["models_held"] == 2


# Rolled back.


def test_what_was_rolled_back_stays_away_whatever_guards_and_rules_say(pricing: Pricing) -> None:
    log = say(pricing, "0.4")
    pricing.rows("select * from public.rollback_pricing_sync(%s, false)", log["job_id"])
    pricing.rows(
        "select public.accept_price_changes('openrouter', 200, now() + interval '1 day', 'x')"
    )
    guard(pricing, guards_enabled=False)
    for _ in range(4):
        age(pricing, 100)
        assert say(pricing, "0.4")["models_held"] == 1
    assert input_per_1m(pricing) == 0.3
    say(pricing, "0.5")
    assert input_per_1m(pricing) == 0.5


# Beside an override.


def test_beside_an_override_the_provider_s_own_price_is_the_measure(pricing: Pricing) -> None:
    pricing.rows(
        "select public.set_price_override('openrouter', 'm', 'contract', input_per_1m => 300,"
        " force => true)"
    )
    assert say(pricing, "0.3")["models_unchanged"] == 1
    assert say(pricing, WRONG)["models_held"] == 1, "though it is what is charged"
    assert held_rows(pricing)[0]["previous"] == prices("0.3", "0.6")
    assert say(pricing, "0.4")["models_updated"] == 1
    assert input_per_1m(pricing) == 300
    assert broken_chains(pricing.connection) == []


# A dry run.


def test_a_dry_run_tells_what_would_be_held_and_holds_nothing(pricing: Pricing) -> None:
    say(pricing, "0.3", WRONG + "000")
    before = pricing.state()["public.pricing_held_changes"]
    attempt = pricing.start(dry_run=True)
    log = pricing.apply(
        attempt,
        [listed(WRONG), listed("0.7", "m2"), listed("0.5", "m1")],
        reference=[{"model_id": "m2", "prices": prices("0.007")}],
        reference_version="genai-prices@0.2.3",
        unknown_keys=["k"],
    )
    assert pricing.state()["public.pricing_held_changes"] == before
    assert pricing.rows("select * from public.pricing_catalogue_prices") == []
    assert pricing.provider("openrouter")["unknown_keys"] == []
    assert (log["models_held"], log["models_updated"], log["models_unchanged"]) == (2, 0, 0)
    assert [(d["model_id"], d.get("class")) for d in log["details"]["differences"]] == [
        *(("m", "unit"), ("m1", None), ("m2", "unit")),
    ]
    assert "moves by 1,000 times" in log["details"]["differences"][0]["reason"]


# The catalogue.


def test_the_catalogue_s_list_is_judged_by_its_own_settings(pricing: Pricing) -> None:
    guard(pricing, "catalogue")
    pricing.sync("catalogue", [catalogue_price("anthropic", "m", "0.000001", "0.000002")])
    log = pricing.sync("catalogue", [catalogue_price("anthropic", "m", "0.001", "0.000002")])
    assert log["models_held"] == 1
    (row,) = [r for r in held_rows(pricing) if r["provider_slug"] == "anthropic"]
    assert row["class"] == "unit"
