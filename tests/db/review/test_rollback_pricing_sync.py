"""A rollback of a sync restores the prices from before it, unless they have changed since."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.db.conftest import Another
from tests.db.price_decisions import (
    INPUT,
    audit,
    base,
    call,
    charged,
    course,
    ended_job,
    held,
    held_row,
    listed,
    override,
    prices,
    said,
)
from tests.db.pricing import Pricing, Row, price, refused
from tests.support.waiting import wait_until

LONG = [{"min_prompt_tokens": 200_000, INPUT: "0.000002"}]


def roll_back(
    pricing: Pricing, job_id: object, dry_run: bool | None = False, by: str | None = "ann"
) -> list[Row]:
    return call(pricing, "rollback_pricing_sync", job_id=job_id, dry_run=dry_run, rolled_back_by=by)


def actions(rows: list[Row]) -> dict[str, str]:
    return {row["model"]: row["action"] for row in rows}


def waiting(pricing: Pricing) -> Row:
    return pricing.row("select * from public.pricing_held_all where status = 'held'")


def test_it_is_shown_first_then_done(pricing: Pricing) -> None:
    said(pricing, {"a": prices(1, 2, conditions=LONG), "b": prices(1, 2), "c": prices(1, 2)})
    job_id = said(pricing, {"a": prices(100, 2), "b": prices(1, None), "c": prices(1, 2)})
    with pricing.nothing_written():
        shown = call(pricing, "rollback_pricing_sync", job_id=job_id)
    assert shown == [
        {
            "provider": "openrouter",
            "model": "a",
            "action": "roll_back",
            "input_per_1m": 100,
            "output_per_1m": 2,
            "back_to_input_per_1m": 1,
            "back_to_output_per_1m": 2,
            "note": None,
            "largest_factor": 100,
            "to_free": False,
        },
        {
            "provider": "openrouter",
            "model": "b",
            "action": "roll_back",
            "input_per_1m": 1,
            "output_per_1m": None,
            "back_to_input_per_1m": 1,
            "back_to_output_per_1m": 2,
            "note": None,
            "largest_factor": None,
            "to_free": False,
        },
    ]
    assert roll_back(pricing, job_id) == shown
    assert charged(pricing, "a") == prices(1, 2, conditions=LONG)
    assert charged(pricing, "b") == charged(pricing, "c") == prices(1, 2)
    assert course(pricing, "a")[-1] == (f"rollback:{job_id}", True, 1, 2)
    assert pricing.history("a")[-1]["job_id"] == job_id
    assert pricing.history("a")[-1]["raw"] == pricing.history("a")[0]["raw"]
    assert len(course(pricing, "c")) == 1
    assert audit(pricing) == [
        {
            "who": "ann",
            "action": "rollback_pricing_sync",
            "subject": str(job_id),
            "details": {"rolled_back": 2, "changed_since": 0},
        }
    ]


def test_what_the_provider_goes_on_saying_waits_for_a_person(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    job_id = said(pricing, {"m": prices(100, 0, conditions=LONG)})
    roll_back(pricing, job_id)
    row = waiting(pricing)
    assert (row["class"], row["still_said"], row["times_seen"]) == ("rollback", True, 1)
    assert row["reason"] == f"rollback: ann rolled job {job_id} back"
    assert row["prices"] == prices(100, 0, conditions=LONG)
    assert row["previous"] == prices(1, 2)
    assert (row["ratio"], row["to_zero"]) == (100, True)
    assert (row["first_job_id"], row["job_id"]) == (job_id, job_id)
    assert row["raw"] == pricing.history("m")[1]["raw"]

    call(pricing, "approve_held_price_change", id=row["id"], approved_by="bob")
    assert charged(pricing) == prices(100, 0, conditions=LONG)
    assert [who for who, *_ in course(pricing)[2:]] == [f"rollback:{job_id}", "manual:bob"]


def test_first_prices_go_back_to_unknown(pricing: Pricing) -> None:
    job_id = said(pricing, {"vendor/m": prices(1, 2)})
    (row,) = roll_back(pricing, job_id)
    assert (row["back_to_input_per_1m"], row["back_to_output_per_1m"]) == (None, None)
    assert row["note"] == "its first price: before it there was none"
    assert charged(pricing, "vendor/m") == {}
    assert [row[2:] for row in course(pricing, "vendor/m")] == [(1, 2), (None, None)]
    assert waiting(pricing)["previous"] == {}


def test_a_price_that_replaced_the_catalogues_gives_its_source_back(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)}, source="catalogue:test@1")
    job_id = said(pricing, {"m": prices(100, 2)})
    roll_back(pricing, job_id)
    assert pricing.model("m")["pricing_source"] == "catalogue:test@1"
    assert waiting(pricing)["pricing_source"] == "api:openrouter"


def test_a_job_of_the_catalogue(pricing: Pricing) -> None:
    job_id = ended_job(pricing)
    for provider in ("deepinfra", "somebody-else"):
        said(pricing, {"m": prices(1, 2)}, provider=provider, source="catalogue:test@1")
        said(
            pricing,
            {"m": prices(3, 4)},
            provider=provider,
            source="catalogue:test@2",
            job_id=job_id,
        )
    rows = roll_back(pricing, job_id)
    assert [row["provider"] for row in rows] == ["deepinfra", "somebody-else"]
    assert charged(pricing, provider="deepinfra") == prices(1, 2)
    assert charged(pricing, provider="somebody-else") == prices(1, 2)


def test_what_changed_since_stays(pricing: Pricing) -> None:
    said(pricing, {"a": prices(1, 2), "b": prices(1, 2)})
    job_id = said(pricing, {"a": prices(100, 2), "b": prices(100, 2)})
    later = said(pricing, {"a": prices(7, 2)})
    rows = roll_back(pricing, job_id)
    assert actions(rows) == {"a": "changed_since", "b": "roll_back"}
    assert rows[0]["note"] == f"changed since by api_sync:openrouter, job {later}"
    assert charged(pricing, "a") == prices(7, 2)
    assert charged(pricing, "b") == prices(1, 2)
    assert audit(pricing)[0]["details"] == {"rolled_back": 1, "changed_since": 1}


def test_even_if_it_came_to_the_same_price(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    job_id = said(pricing, {"m": prices(3, 2)})
    for amount in (4, 3):
        said(pricing, {"m": prices(amount, 2)})
    assert actions(roll_back(pricing, job_id)) == {"m": "changed_since"}
    assert charged(pricing) == prices(3, 2)


def test_what_a_person_approved_of_a_job_goes_back_with_it(pricing: Pricing) -> None:
    said(pricing, {"a": prices(1, 2), "b": prices(1, 2)})
    job_id = said(pricing, {"a": prices(3, 2)})
    waits = held(pricing, "b", prices(300, 2), job_id=job_id)
    call(pricing, "approve_held_price_change", id=waits)
    assert actions(roll_back(pricing, job_id)) == {"a": "roll_back", "b": "roll_back"}
    assert charged(pricing, "b") == prices(1, 2)


def test_a_later_approval_of_another_job_is_a_change_since(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    job_id = said(pricing, {"m": prices(3, 2)})
    call(pricing, "approve_held_price_change", id=held(pricing, "m", prices(300, 2)))
    assert actions(roll_back(pricing, job_id)) == {"m": "changed_since"}


# Several rollbacks in turn.


def test_twice(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    job_id = said(pricing, {"m": prices(100, 2)})
    roll_back(pricing, job_id)
    for dry_run in (True, False):
        with pricing.nothing_written(), refused("PT409"):
            roll_back(pricing, job_id, dry_run)


def test_what_was_approved_again_goes_back_again(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    job_id = said(pricing, {"m": prices(100, 2)})
    for _ in range(3):
        roll_back(pricing, job_id)
        assert charged(pricing) == prices(1, 2)
        call(pricing, "approve_held_price_change", id=waiting(pricing)["id"])
        assert charged(pricing) == prices(100, 2)


def test_one_job_after_the_other_from_the_newest(pricing: Pricing) -> None:
    jobs = [said(pricing, {"m": prices(amount, 2)}) for amount in (1, 2, 3, 4)]
    assert actions(roll_back(pricing, jobs[1], True)) == {"m": "changed_since"}
    for job_id, amount in zip(reversed(jobs), (3, 2, 1), strict=False):
        assert actions(roll_back(pricing, job_id)) == {"m": "roll_back"}
        assert charged(pricing) == prices(amount, 2)
    roll_back(pricing, jobs[0])
    assert charged(pricing) == {}
    # Only the newest of them waits.
    assert waiting(pricing)["prices"] == prices(1, 2)


def test_after_a_rollback_a_new_sync_is_a_change_since(pricing: Pricing) -> None:
    first = said(pricing, {"m": prices(1, 2)})
    second = said(pricing, {"m": prices(100, 2)})
    roll_back(pricing, second)
    third = said(pricing, {"m": prices(3, 2)})
    assert actions(roll_back(pricing, first)) == {"m": "changed_since"}
    roll_back(pricing, third)
    assert charged(pricing) == prices(1, 2)
    assert actions(roll_back(pricing, first)) == {"m": "roll_back"}


def test_a_change_that_waits_gives_way(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    job_id = said(pricing, {"m": prices(100, 2)})
    other = held(pricing, "m", prices("1.1", 2))
    roll_back(pricing, job_id)
    row = held_row(pricing, other)
    assert (row["status"], row["still_said"]) == ("superseded", False)
    assert row["decided_by"] == f"rollback:{job_id}"
    assert waiting(pricing)["class"] == "rollback"


def test_a_rejected_change_stays_rejected(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    job_id = said(pricing, {"m": prices(100, 2)})
    other = held(pricing, "m", prices(5000, 2))
    call(pricing, "reject_held_price_change", id=other)
    roll_back(pricing, job_id)
    assert (held_row(pricing, other)["status"], held_row(pricing, other)["still_said"]) == (
        "rejected",
        True,
    )


# Overrides.


@pytest.mark.parametrize("when", ["before", "after", "between"])
def test_under_an_override_the_synced_price_goes_back(pricing: Pricing, when: str) -> None:
    def fix() -> None:
        override(pricing, input_per_1m=5, author="bob")

    if when == "before":
        listed(pricing, "m")
        fix()
    said(pricing, {"m": prices(1, 2)})
    if when == "between":
        fix()
    job_id = said(pricing, {"m": prices(100, 3)})
    if when == "after":
        fix()
    (row,) = roll_back(pricing, job_id)
    assert (row["action"], row["note"]) == ("roll_back", "an override is in force, and stays")
    assert (row["input_per_1m"], row["back_to_input_per_1m"]) == (100, 1)
    assert charged(pricing) == prices(5, 2)
    assert base(pricing) == prices(1, 2)
    assert waiting(pricing)["prices"] == prices(100, 3)
    assert course(pricing)[-2:] == [
        (f"rollback:{job_id}", False, 1, 2),
        (f"rollback:{job_id}", True, 5, 2),
    ]


def test_after_an_override_was_cleared(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5)
    job_id = said(pricing, {"m": prices(100, 3)})
    call(pricing, "clear_price_override", provider="openrouter", model="m")
    (row,) = roll_back(pricing, job_id)
    assert (row["action"], row["note"]) == ("roll_back", None)
    assert charged(pricing) == base(pricing) == prices(1, 2)


def test_an_overridden_first_price(pricing: Pricing) -> None:
    listed(pricing, "m")
    override(pricing, input_per_1m=5)
    job_id = said(pricing, {"m": prices(1, 2)})
    roll_back(pricing, job_id)
    assert charged(pricing) == prices(5)
    assert base(pricing) == {}


# Later syncs.


def test_the_next_syncs_of_the_same_numbers_do_not_bring_them_back(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m", "0.000001"), price("other", "0.000001")])
    wrong = [price("m", "0.001"), price("other", "0.000001")]
    job_id = pricing.sync("openrouter", wrong)["job_id"]
    roll_back(pricing, job_id)
    right = charged(pricing)
    for times_seen in (2, 3, 4):
        log = pricing.sync("openrouter", wrong)
        assert (log["models_updated"], log["models_held"]) == (0, 1)
        assert charged(pricing) == right
        assert waiting(pricing)["times_seen"] == times_seen
    call(pricing, "approve_held_price_change", id=waiting(pricing)["id"])
    assert charged(pricing)[INPUT] == "0.001"
    assert pricing.sync("openrouter", wrong)["models_held"] == 0


def test_a_sync_that_says_the_right_price_again_ends_it(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m", "0.000001")])
    job_id = pricing.sync("openrouter", [price("m", "0.001")])["job_id"]
    roll_back(pricing, job_id)
    pricing.sync("openrouter", [price("m", "0.000001")])
    row = pricing.row("select * from public.pricing_held_all")
    assert (row["status"], row["still_said"]) == ("withdrawn", False)


def test_another_price_is_judged_afresh(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m", "0.000001")])
    job_id = pricing.sync("openrouter", [price("m", "0.001")])["job_id"]
    roll_back(pricing, job_id)
    pricing.sync("openrouter", [price("m", "0.000002")])
    assert charged(pricing)[INPUT] == "0.000002"
    assert pricing.rows("select from public.pricing_held") == []


# Refused rollbacks.


@pytest.mark.parametrize("job_id", [None, uuid4()], ids=["null", "unknown"])
def test_an_unknown_job(pricing: Pricing, job_id: UUID | None) -> None:
    with pricing.nothing_written(), refused("PT404"):
        roll_back(pricing, job_id)


def test_a_job_that_was_pruned_can_be_rolled_back(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    job_id = said(pricing, {"m": prices(100, 2)})
    pricing.do("select public.cleanup_old_pricing_jobs('0')")
    assert pricing.rows("select from public.pricing_sync_jobs") == []
    roll_back(pricing, job_id)
    assert charged(pricing) == prices(1, 2)


def test_a_job_that_changed_nothing(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    job_id = said(pricing, {"m": prices(1, 2)})
    with pricing.nothing_written(), refused("PT409"):
        roll_back(pricing, job_id)


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_job_that_has_not_ended(pricing: Pricing, status: str) -> None:
    job_id = pricing.start("openrouter", "deepinfra").job_id
    said(pricing, {"m": prices(1, 2)}, job_id=UUID(job_id))
    if status == "queued":
        pricing.do("delete from public.pricing_sync_lock")
    for dry_run in (True, False):
        with pricing.nothing_written(), refused("PT409"):
            roll_back(pricing, job_id, dry_run)


@pytest.mark.parametrize(
    ("dry_run", "by"), [(None, "ann"), (False, None), (True, ""), (True, "x" * 201)]
)
def test_bad_input(pricing: Pricing, dry_run: bool | None, by: str | None) -> None:
    job_id = said(pricing, {"m": prices(1, 2)})
    with pricing.nothing_written(), refused("PT422"):
        roll_back(pricing, job_id, dry_run, by)


# Concurrent and large rollbacks.


def test_two_at_once(pricing: Pricing, another: Another, threads: ThreadPoolExecutor) -> None:
    said(pricing, {"m": prices(1, 2)})
    job_id = said(pricing, {"m": prices(100, 2)})
    other = another()
    with pricing.connection.transaction():
        roll_back(pricing, job_id)
        second = threads.submit(roll_back, other, job_id)
        pricing.wait_until_blocked(other)
    with refused("PT409"):
        second.result(60)
    assert len(course(pricing)) == 3


def test_thousands_of_models(pricing: Pricing, another: Another) -> None:
    """Row by row, or each with each, they would take minutes."""
    models = [f"vendor/model-{number}" for number in range(5_000)]
    said(pricing, {model: prices(1, 2) for model in models[:2_500]})
    listed(pricing, *models)
    job_id = ended_job(pricing)
    pricing.rows(
        "select public.write_model_prices((select jsonb_agg(jsonb_build_object("
        "'id', m.id, 'prices', %s::jsonb)) from public.model_pricing m),"
        " 'api_sync:openrouter', clock_timestamp(), %s)",
        *(Jsonb(prices(1000, 2000)), job_id),
    )
    listener = another()
    listener.listen("pricing_changed")
    began = time.monotonic()
    rows = roll_back(pricing, job_id)
    took = time.monotonic() - began
    assert len(rows) == 5_000
    assert {row["action"] for row in rows} == {"roll_back"}
    found = pricing.rows(
        "select price_per_input_token as price, count(*) from public.model_pricing group by 1"
    )
    assert [row["count"] for row in found] == [2_500, 2_500]
    assert pricing.value("select count(*) from public.pricing_held_changes") == 5_000
    assert listener.heard(pricing) == [
        (
            "pricing_changed",
            f'{{"count": 5000, "job_id": "{job_id}", "provider": "openrouter"}}',
        )
    ]
    assert took < 30, took


def test_what_was_announced_before_the_job_is_in_force_after_its_rollback(pricing: Pricing) -> None:
    past = datetime(2026, 1, 1, tzinfo=UTC)
    announced = {"effective_from": "2026-02-01T00:00:00Z", **prices(3)}
    said(pricing, {"m": prices(1, 2, conditions=[announced])}, at=past)
    pricing.rows("select public.apply_announced_prices()")
    job_id = said(pricing, {"m": prices(5, 2)})
    (shown,) = call(pricing, "rollback_pricing_sync", job_id=job_id)
    assert (shown["input_per_1m"], shown["back_to_input_per_1m"]) == (5, 3)
    roll_back(pricing, job_id)
    assert charged(pricing) == prices(3, 2)
    assert waiting(pricing)["previous"] == prices(3, 2)


def test_it_waits_also_when_an_announcement_of_it_comes_true(pricing: Pricing) -> None:
    moment = pricing.value("select date_trunc('second', clock_timestamp()) + interval '1 second'")
    announced = {"effective_from": f"{moment:%Y-%m-%dT%H:%M:%SZ}", INPUT: "0.000004"}
    pricing.sync("openrouter", [price("m", "0.000001")])
    listed_again = [price("m", "0.000003", conditions=[announced])]
    log = pricing.sync("openrouter", listed_again)
    roll_back(pricing, log["job_id"])
    assert pricing.sync("openrouter", listed_again)["models_held"] == 1
    held_id = waiting(pricing)["id"]

    wait_until(lambda: pricing.value("select clock_timestamp() >= %s", moment), 30, "it comes")
    log = pricing.sync("openrouter", listed_again)
    assert (log["models_updated"], log["models_held"]) == (0, 1)
    assert waiting(pricing)["id"] == held_id
    pricing.sync("openrouter", None)
    assert waiting(pricing)["id"] == held_id
    assert charged(pricing)[INPUT] == "0.000001"
