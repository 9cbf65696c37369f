"""The guard rules, each at its bound, just below and just above it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.db.price_changes import (
    FEES,
    OTHER_AXES,
    TOKEN_AXES,
    TYPED,
    alias,
    catalogue_says,
    change,
    guard,
    input_change,
    judged,
    kinds,
)
from tests.db.price_decisions import INPUT, OUTPUT, model_id, prices, said
from tests.db.pricing import Pricing, Row, price

MOVED = {(INPUT, "ratio")}


@pytest.fixture(autouse=True)
def guarded(pricing: Pricing) -> None:
    guard(pricing)


def verdict(pricing: Pricing, *arguments: Any, **more: Any) -> Row | None:
    return judged(pricing, [change(*arguments)], **more).get("m")


def class_of(pricing: Pricing, before: object, now: object) -> str | None:
    found = judged(pricing, [input_change(before, now)]).get("m")
    return found["class"] if found else None


# The ratio of one price.


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("0.3", "2.999999999999", None),
        ("0.3", "3", "large"),
        ("0.3", "3.000000000001", "large"),
        ("0.3", "29.999999999999", "large"),
        ("0.3", "30", "unit"),
        ("0.3", "30.000000000001", "unit"),
        ("3", "0.300000000001", None),
        ("3", "0.3", "large"),
        ("3", "0.299999999999", "large"),
        ("3", "0.030000000001", "large"),
        ("3", "0.03", "unit"),
        ("3", "0.029999999999", "unit"),
        ("0.3", "0.3", None),
        ("0.3", "0.30000000000000001", None),
        # Thirds have endless digits; the comparison must not divide.
        ("0.333333333333333333333333", "3.33333333333333333333333", "large"),
        ("0.333333333333333333333333", "3.33333333333333333333332", None),
    ],
)
def test_a_price_that_moves_by_10_is_large_and_by_100_another_unit(
    pricing: Pricing, before: str, now: str, expected: str | None
) -> None:
    assert class_of(pricing, before, now) == expected


def test_what_it_tells(pricing: Pricing) -> None:
    raw = {
        "overrides[0].prompt": {"text": "1", "unit": "usd_per_token", "axis": INPUT},
        "prompt": {"text": "3e-4", "unit": "usd_per_token", "axis": INPUT},
        "odd": {"text": "-1"},
    }
    found = judged(pricing, [input_change("0.3", "300", raw=raw)])["m"]

    assert (found["provider"], found["class"], found["to_zero"]) == ("openrouter", "unit", False)
    assert found["reason"] == "unit: input_per_1m moves by 1,000 times (0.3 -> 300)"
    assert found["ratio"] == 1000
    assert found["evidence"] == [
        {
            "axis": INPUT,
            "kind": "ratio",
            "before": "0.0000003",
            "now": "0.0003",
            "ratio": "1000",
            "key": "prompt",
            "text": "3e-4",
            "unit": "usd_per_token",
        }
    ]


def test_the_worst_comes_first(pricing: Pricing) -> None:
    found = verdict(pricing, prices("1", "0.1"), prices("20", "20"))
    assert found is not None
    assert found["class"] == "unit"
    assert found["reason"] == (
        "unit: output_per_1m moves by 200 times (0.1 -> 20);"
        " input_per_1m moves by 20 times (1 -> 20)"
    )
    assert found["ratio"] == 200
    assert [e["axis"] for e in found["evidence"]] == [OUTPUT, INPUT]


def test_more_than_three_findings_are_counted(pricing: Pricing) -> None:
    old = dict.fromkeys(TOKEN_AXES[:5], "0.000001")
    new = dict.fromkeys(TOKEN_AXES[:5], "0.00001")
    found = verdict(pricing, old, new)
    assert found is not None
    assert found["reason"].endswith("; and 2 more")
    assert found["reason"].count("moves by 10 times") == 3
    assert len(found["evidence"]) == 5


@pytest.mark.parametrize("axis", TOKEN_AXES)
def test_each_token_axis_is_looked_at(pricing: Pricing, axis: str) -> None:
    old = {name: f"0.00000{n}" for n, name in enumerate(TOKEN_AXES, start=1)}
    new = old | {axis: str(Decimal(old[axis]) * 100)}
    found = verdict(pricing, old, new)
    assert found is not None
    assert (found["class"], found["ratio"]) == ("unit", 100)
    assert kinds(found) == {(axis, "ratio")} | (
        {(axis, "band")} if Decimal(new[axis]) > Decimal("0.001") else set()
    )
    assert verdict(pricing, old, {k: v for k, v in old.items() if k != axis}) is None, "unknown"


@pytest.mark.parametrize("axis", [*FEES[1:], *OTHER_AXES[1:]])
@pytest.mark.parametrize(
    ("now", "expected"),
    [("0.02", None), ("0.03", "large"), ("0.3", "unit"), ("0.0003", "large"), ("0.00003", "unit")],
)
def test_what_is_sold_by_another_unit_moves_as_far(
    pricing: Pricing, axis: str, now: str, expected: str | None
) -> None:
    found = verdict(pricing, {axis: "0.003"}, {axis: now})
    assert (found and found["class"]) == expected
    if found:
        assert kinds(found) == {(axis, "ratio")}
        assert "(0.003 -> " in found["reason"], "USD for one unit"


@pytest.mark.parametrize("axis", [*FEES[1:], *OTHER_AXES])
def test_it_has_no_band(pricing: Pricing, axis: str) -> None:
    for amount in ("1e-9", "5000"):
        assert verdict(pricing, None, {axis: amount}) is None


@pytest.mark.parametrize("axis", FEES)
@pytest.mark.parametrize("now", [{}, {"0": "0"}])
def test_one_fee_may_go(pricing: Pricing, axis: str, now: Row) -> None:
    new = dict.fromkeys([axis] * len(now), "0")
    assert judged(pricing, [change({axis: "1"}, new)], lists={"openrouter": 1}) == {}


@pytest.mark.parametrize("axis", OTHER_AXES)
def test_no_other_price_may_fall_to_zero(pricing: Pricing, axis: str) -> None:
    found = verdict(pricing, {axis: "0.003"}, {axis: "0"})
    assert found is not None
    assert (found["class"], kinds(found)) == ("unit", {(axis, "zero")})


def test_one_suspicious_axis_is_enough_and_an_unchanged_one_is_none(pricing: Pricing) -> None:
    found = verdict(pricing, prices("0.0001", "1"), prices("0.0001", "10"))
    assert found is not None
    assert kinds(found) == {(OUTPUT, "ratio")}


def test_the_bounds_are_the_provider_s(pricing: Pricing) -> None:
    guard(pricing, guard_unit_ratio=50, guard_large_ratio=3)
    assert class_of(pricing, "1", "2.999") is None
    assert class_of(pricing, "1", "3") == "large"
    assert class_of(pricing, "1", "50") == "unit"
    guard(pricing, guard_lowest_per_1m=2, guard_highest_per_1m=4)
    assert [class_of(pricing, "3", now) for now in ("1.9", "2", "4", "4.1")] == [
        *("unit", None, None, "unit")
    ]


def test_without_guards_nothing_looks_wrong(pricing: Pricing) -> None:
    guard(pricing, guards_enabled=False, review_first=True)
    assert verdict(pricing, prices("1"), prices("1000000")) is None


@pytest.mark.parametrize(("small", "big"), [("1e-60", "1e60"), ("1e-54", "1e54")])
def test_no_amount_is_too_large_or_too_small(pricing: Pricing, small: str, big: str) -> None:
    catalogue_says(pricing, {INPUT: small})
    for before, now in ((small, big), (big, small)):
        found = verdict(pricing, {INPUT: before}, {INPUT: now})
        assert found is not None
        assert found["class"] == "unit"
        assert found["ratio"] == Decimal(big) / Decimal(small)


# To zero.


def test_a_fall_to_zero_is_a_person_s_to_accept(pricing: Pricing) -> None:
    found = verdict(pricing, prices("0.6", "1"), prices("0", "1"))
    assert found is not None
    assert (found["class"], found["to_zero"], found["ratio"]) == ("unit", True, None)
    assert found["reason"] == (
        "unit: input_per_1m falls to zero (0.6 -> 0), and nothing says that it is free"
    )
    assert kinds(found) == {(INPUT, "zero")}
    assert (found["evidence"][0]["before"], found["evidence"][0]["now"]) == ("0.0000006", "0")


@pytest.mark.parametrize(
    "word",
    [{"free": True}, {"model_id": "m:free"}, {"name": "M (Free)"}, {"name": "a free model"}],
)
def test_unless_the_list_says_that_it_is_free(pricing: Pricing, word: Row) -> None:
    (found,) = judged(pricing, [input_change("0.6", "0", **word)]).values()
    assert (found["class"], found["to_zero"]) == ("large", True)
    assert found["reason"] == "large: input_per_1m falls to zero (0.6 -> 0)"


@pytest.mark.parametrize(
    "word",
    [{"free": False}, {"model_id": "freedom"}, {"name": "Carefree"}],
)
def test_in_so_many_words(pricing: Pricing, word: Row) -> None:
    (found,) = judged(pricing, [input_change("0.6", "0", **word)]).values()
    assert found["class"] == "unit"


@pytest.mark.parametrize(
    ("word", "is_free"), [(True, True), (False, False), ("yes", False), (1, False)]
)
def test_only_true_says_that_it_is_free(pricing: Pricing, word: object, is_free: bool) -> None:
    found = pricing.row(
        "select says_free from public.compare_provider_prices('openrouter', '{openrouter}', %s,"
        " now(), 'api:openrouter')",
        Jsonb([price("m", "0", "0", free=word)]),
    )
    assert found["says_free"] is is_free


def test_whatever_the_list_says_of_itself(pricing: Pricing) -> None:
    """A forged list could carry any flag beside its prices."""
    assert judged(pricing, [input_change("1", "0", is_free=True)])["m"]["to_zero"]


@pytest.mark.parametrize(("before", "now"), [(None, "0"), ("0", "0"), ("1", None), ("0", None)])
def test_nor_where_nothing_fell(pricing: Pricing, before: str | None, now: str | None) -> None:
    assert class_of(pricing, before, now) is None


# The band.


@pytest.mark.parametrize("before", [None, "0.002"])
@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("0.000999999999999999999999", "unit"),
        ("0.001", None),
        ("0.0010000000000000000000001", None),
    ],
)
def test_a_price_below_the_band_looks_like_another_unit(
    pricing: Pricing, before: str | None, now: str, expected: str | None
) -> None:
    found = judged(pricing, [input_change(before, now)]).get("m")
    assert (found and found["class"]) == expected
    if found:
        assert kinds(found) == {(INPUT, "band")}
        assert "is outside 0.001 to 1,000" in found["reason"]


@pytest.mark.parametrize("before", [None, "999"])
@pytest.mark.parametrize(
    ("now", "expected"), [("1000", None), ("1000.000000000000000000001", "unit")]
)
def test_so_does_one_above_it(
    pricing: Pricing, before: str | None, now: str, expected: str | None
) -> None:
    assert class_of(pricing, before, now) == expected


@pytest.mark.parametrize("axis", TOKEN_AXES)
def test_the_band_is_for_every_price_of_a_token(pricing: Pricing, axis: str) -> None:
    found = verdict(pricing, None, {axis: "0.002"})
    assert found is not None
    assert (found["class"], kinds(found)) == ("unit", {(axis, "band")})


def test_a_band_of_none_has_no_lower_bound(pricing: Pricing) -> None:
    guard(pricing, guard_lowest_per_1m=0)
    assert class_of(pricing, None, "1e-40") is None


# The price before.


def test_a_first_price_is_measured_by_the_band_and_the_catalogue_alone(pricing: Pricing) -> None:
    assert judged(pricing, [change(None, prices("900", "0"))], lists={"openrouter": 5}) == {}
    catalogue_says(pricing, prices("0.9"))
    found = verdict(pricing, None, prices("900"))
    assert found is not None
    assert (found["ratio"], kinds(found)) == (None, {(INPUT, "catalogue")})


@pytest.mark.parametrize("between", [prices(None, "1"), prices("0", "1")])
def test_the_last_positive_price_counts_when_it_was_unknown_or_nothing_since(
    pricing: Pricing, between: Row
) -> None:
    said(pricing, {"m": prices("5", "1")})
    said(pricing, {"m": prices("0.5", "1")})
    said(pricing, {"m": between})
    found = judged(pricing, [change(between, prices("50", "1"), id=model_id(pricing, "m"))])["m"]
    assert (found["class"], found["ratio"]) == ("unit", 100)
    assert found["evidence"][0]["before"] == "0.0000005"


def test_neither_a_rolled_back_price_nor_a_person_s_counts(pricing: Pricing) -> None:
    said(pricing, {"m": prices("0.5")})
    wrong = said(pricing, {"m": prices("500")})
    pricing.rows("select * from public.rollback_pricing_sync(%s, false)", wrong)
    said(pricing, {"m": prices(None, "1")})
    pricing.rows(
        "select public.set_price_override('openrouter', 'm', 'contract', input_per_1m => 400,"
        " force => true)"
    )
    moves = [change(prices(None, "1"), prices("500", "1"), id=model_id(pricing, "m"))]
    assert judged(pricing, moves)["m"]["ratio"] == 1000


@pytest.mark.parametrize(
    ("now", "expected"),
    [("9.99", None), ("10", "large"), ("0.1", "large"), ("99", "large"), ("100", "unit")],
)
def test_a_first_own_price_is_measured_by_the_catalogue_s(
    pricing: Pricing, now: str, expected: str | None
) -> None:
    said(pricing, {"m": prices("1")}, source="catalogue:genai-prices@0.2.3")
    ours: Row = {"id": model_id(pricing, "m"), "old_source": "catalogue:genai-prices@0.2.3"}
    found = judged(pricing, [input_change("1", now, **ours)]).get("m")
    assert (found and found["class"]) == expected
    if found:
        assert kinds(found) == MOVED


def test_but_by_its_own_where_it_had_one(pricing: Pricing) -> None:
    said(pricing, {"m": prices("20")})
    said(pricing, {"m": prices("1")}, source="catalogue:genai-prices@0.2.3")
    ours: Row = {"id": model_id(pricing, "m"), "old_source": "catalogue:genai-prices@0.2.3"}
    assert judged(pricing, [input_change("1", "25", **ours)]) == {}
    assert judged(pricing, [input_change("1", "2", **ours)])["m"]["class"] == "large"
    # What it did not have any more has no measure.
    said(pricing, {"n": prices(None, "1")}, source="catalogue:genai-prices@0.2.3")
    theirs: Row = {"id": model_id(pricing, "n"), "old_source": "catalogue:genai-prices@0.2.3"}
    assert judged(pricing, [input_change(None, "300", **theirs)]) == {}
    # A fall in its own list counts, whatever source the price before came from.
    assert judged(pricing, [input_change("1", "0", **ours)])["m"]["to_zero"] is True


def test_but_it_is_of_the_catalogue_s_next(pricing: Pricing) -> None:
    said(pricing, {"m": prices("1")}, source="catalogue:genai-prices@0.2.3")
    said(pricing, {"m": prices(None, "1")}, source="catalogue:genai-prices@0.2.3")
    theirs: Row = {
        "id": model_id(pricing, "m"),
        "old_source": "catalogue:genai-prices@0.2.3",
        "source": "catalogue:genai-prices@0.2.4",
    }
    assert judged(pricing, [input_change(None, "300", **theirs)])["m"]["class"] == "unit"
    assert judged(pricing, [input_change("1", "300", **theirs)])["m"]["class"] == "unit"


# The catalogue's number.


@pytest.mark.parametrize(
    ("times", "held"),
    [
        *(("1", False), ("10", False), ("50", False), ("94.9999999999", False), ("95", True)),
        *(("100", True), ("105", True), ("105.0000000001", False), ("300", False)),
        *(("949.999999", False), ("950", True), ("1000", True), ("1050", True)),
        *(("1050.0001", False), ("1000000", True), ("1e30", True), ("5e29", False)),
        *(("0.1", False), ("0.0105", True), ("0.01050000001", False), ("0.01", True)),
        *(("0.0095", True), ("0.0094999999", False), ("0.005", False), ("0.001", True)),
        *(("0.00105", True), ("0.001050001", False), ("0.00095", True), ("1e-30", True)),
    ],
)
def test_a_power_of_ten_against_the_catalogue_is_another_unit(
    pricing: Pricing, times: str, held: bool
) -> None:
    # Every other rule is off or silent.
    guard(pricing, guard_lowest_per_1m=0, guard_highest_per_1m="1e50")
    catalogue_says(pricing, prices("0.3"))
    now = Decimal("0.3") * Decimal(times)
    found = verdict(pricing, prices(now * 2), prices(now))
    assert (found is not None) is held
    if found is not None:
        assert kinds(found) == {(INPUT, "catalogue")}
        assert found["evidence"][0]["catalogue"] == "0.0000003"


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        *(("7.2", None), ("9.999", None), ("10", "large"), ("50", "large"), ("94", "large")),
        *(
            ("0.101", None),
            ("0.1", "large"),
            ("0.011", "large"),
            ("300", "unit"),
            ("0.003", "unit"),
        ),
    ],
)
def test_a_new_model_s_first_price_is_large_10_times_off_the_catalogue(
    pricing: Pricing, times: str, expected: str | None
) -> None:
    catalogue_says(pricing, prices("0.6") | {"price_per_image": "0.006"})
    for first in (
        prices(Decimal("0.6") * Decimal(times)),
        {"price_per_image": str(Decimal("0.006") * Decimal(times))},
    ):
        found = verdict(pricing, None, first)
        assert (found and found["class"]) == expected
        if found:
            assert {kind for _, kind in kinds(found)} == {"catalogue"}


def test_a_later_price_is_not(pricing: Pricing) -> None:
    catalogue_says(pricing, prices("0.6"))
    assert verdict(pricing, prices("6"), prices("9")) is None


def test_the_catalogue_is_named_in_the_reason(pricing: Pricing) -> None:
    catalogue_says(pricing, prices("0.3"))
    found = verdict(pricing, None, prices("300"))
    assert found is not None
    assert found["reason"] == "unit: input_per_1m is 1,000 times the catalogue's 0.3"


def test_a_dry_run_s_reference_counts_before_the_table(pricing: Pricing) -> None:
    reference = [{"model_id": "m", "prices": prices("0.3")}]
    assert verdict(pricing, None, prices("300")) is None
    assert verdict(pricing, None, prices("300"), reference=reference) is not None
    catalogue_says(pricing, prices("300"))
    assert verdict(pricing, None, prices("300"), reference=reference) is not None


@pytest.mark.parametrize("model", ["M", "m2", "other/m"])
def test_loose_matches_are_not_used(pricing: Pricing, model: str) -> None:
    catalogue_says(pricing, prices("0.3"), model)
    catalogue_says(pricing, prices("0.3"), "m", "deepinfra")
    assert verdict(pricing, None, prices("300")) is None


def test_the_catalogue_is_no_measure_of_itself_nor_is_nothing(pricing: Pricing) -> None:
    catalogue_says(pricing, prices("0.3", "0"))
    itself = {"source": "catalogue:genai-prices@0.2.3"}
    assert judged(pricing, [input_change(None, "300", **itself)]) == {}
    assert verdict(pricing, None, prices("0.3", "100")) is None


def test_a_first_price_of_0_beside_the_catalogue_s_waits_unless_it_is_said_to_be_free(
    pricing: Pricing,
) -> None:
    catalogue_says(pricing, prices("0.3", "0") | {"price_per_image": "0.01"})
    found = verdict(pricing, None, prices("0", "0"))
    assert found is not None
    assert (found["class"], found["to_zero"], kinds(found)) == ("unit", True, {(INPUT, "zero")})
    assert found["reason"] == (
        "unit: input_per_1m is 0 where the catalogue has 0.3, and nothing says that it is free"
    )
    assert judged(pricing, [change(None, prices("0", "0"), free=True)]) == {}
    assert judged(pricing, [change(prices("0"), prices("0", "1"))]) == {}


def test_an_unchanged_price_was_accepted_whatever_the_catalogue_says(pricing: Pricing) -> None:
    catalogue_says(pricing, prices("0.3"))
    assert verdict(pricing, prices("300", "1"), prices("300", "2")) is None


# Conditions.

TIER = {"min_prompt_tokens": 200000}
NIGHT = {"utc_start": 1600, "utc_end": 800}


def with_conditions(*entries: Row) -> Row:
    return prices("1", "2", conditions=list(entries))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [("2", "19.99", None), ("2", "20", "large"), ("2", "200", "unit"), ("2", "0.02", "unit")],
)
def test_the_price_of_a_condition_is_measured_by_that_of_the_same_condition(
    pricing: Pricing, before: str, now: str, expected: str | None
) -> None:
    found = verdict(
        pricing,
        with_conditions(NIGHT | prices("50"), TIER | prices(before)),
        with_conditions(TIER | prices(now), NIGHT | prices("50")),
    )
    assert (found and found["class"]) == expected
    if found:
        assert kinds(found) == {(f"conditions[0].{INPUT}", "ratio")}
        assert "conditions[0].input_per_1m moves by" in found["reason"]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        *(("99.999", None), ("100", "unit"), ("0.010001", None), ("0.01", "unit")),
        *(("0.0009", "unit"), ("1001", "unit")),
    ],
)
def test_that_of_a_new_condition_by_the_new_base_price(
    pricing: Pricing, now: str, expected: str | None
) -> None:
    old = with_conditions(TIER | prices(now))
    # A condition with another number of tokens is another condition.
    found = verdict(pricing, old, with_conditions({"min_prompt_tokens": 1} | prices(now)))
    assert (found and found["class"]) == expected


def test_conditions_that_go_or_stay_are_not_looked_at(pricing: Pricing) -> None:
    odd = with_conditions(TIER | prices("5000"), NIGHT | prices("0"))
    assert verdict(pricing, odd, odd | prices("2")) is None
    assert verdict(pricing, odd, prices("1", "2")) is None


def test_the_band_holds_for_conditions_without_a_base_price_too(pricing: Pricing) -> None:
    for amount, expected in (("1000", None), ("1000.1", "unit"), ("0.0009", "unit")):
        entry = TIER | {"price_per_cache_read_token": prices(amount)[INPUT]}
        found = verdict(pricing, prices("1"), prices("1", conditions=[entry]))
        assert (found and found["class"]) == expected


@pytest.mark.parametrize("before", [[TIER | prices("2")], []])
def test_a_price_under_a_condition_that_falls_to_zero_is_a_fall_to_zero(
    pricing: Pricing, before: list[Row]
) -> None:
    old, new = with_conditions(*before), with_conditions(TIER | prices("0"))
    found = verdict(pricing, old, new)
    assert found is not None
    assert (found["class"], found["to_zero"]) == ("unit", True)
    assert judged(pricing, [change(old, new, free=True)])["m"]["class"] == "large"


def test_a_minimum_is_none(pricing: Pricing) -> None:
    second = {"price_per_audio_second": "0.0001"}
    minimum = {"max_audio_seconds": 10, "price_per_request": "0.001", "price_per_audio_second": "0"}
    assert verdict(pricing, second, second | {"conditions": [minimum]}) is None
    # Without the fee it is a price of zero.
    for fee in ({}, {"price_per_request": "0"}):
        free = {"max_audio_seconds": 10, "price_per_audio_second": "0"} | fee
        found = verdict(pricing, second, second | {"conditions": [free]})
        assert found is not None
        assert found["class"] == "unit"


def test_a_price_that_is_unknown_under_a_condition_disturbs_nothing(pricing: Pricing) -> None:
    unknown: Row = {"odd": 1, INPUT: None}
    known: Row = {"odd": 1} | prices("2")
    cases: list[tuple[list[Row], list[Row]]] = [
        ([], [unknown]),
        ([known], [unknown]),
        ([unknown], [unknown, TIER]),
    ]
    for old, new in cases:
        assert verdict(pricing, with_conditions(*old), with_conditions(*new)) is None
    # What was unknown is measured by the base price, as a new condition is.
    for amount, expected in (("99", None), ("100", "unit")):
        now = with_conditions({"odd": 1} | prices(amount))
        found = verdict(pricing, with_conditions(unknown), now)
        assert (found and found["class"]) == expected


@pytest.mark.parametrize(
    "keys", [{"service_tier": "batch"}, {"region": "eu"}, {"odd": [1]}, {"max_audio_seconds": 10}]
)
def test_every_key_but_an_axis_tells_conditions_apart(pricing: Pricing, keys: Row) -> None:
    old = with_conditions(keys | prices("2"), TIER | prices("30"))
    assert verdict(pricing, old, with_conditions(keys | prices("3"), TIER | prices("30"))) is None
    found = verdict(pricing, old, with_conditions(keys | prices("20"), TIER | prices("30")))
    assert found is not None
    assert (found["class"], kinds(found)) == ("large", {(f"conditions[0].{INPUT}", "ratio")})


# Announced prices.

FROM = {"effective_from": "2099-01-01T00:00:00Z"}
WHILE = FROM | {"effective_until": "2099-02-01T00:00:00Z"}


@pytest.mark.parametrize("when", [FROM, WHILE, {"effective_until": "2099-02-01T00:00:00Z"}])
@pytest.mark.parametrize(
    ("now", "expected"),
    [("9.99", None), ("10", "large"), ("0.1", "large"), ("100", "unit"), ("0", "unit")],
)
def test_an_announced_price_is_measured_like_the_one_that_it_replaces(
    pricing: Pricing, when: Row, now: str, expected: str | None
) -> None:
    found = verdict(pricing, prices("1", "2"), with_conditions(when | prices(now)))
    assert (found and found["class"]) == expected
    # Also when nothing but the announcement changes,
    announced = with_conditions(when | prices("5"))
    again = verdict(pricing, announced, with_conditions(when | prices(now)))
    assert (again and again["class"]) == expected
    # or the base price moves with it.
    both = verdict(pricing, prices("1", "2"), prices("5", "2", conditions=[when | prices(now)]))
    assert (both and both["class"]) == expected


@pytest.mark.parametrize(("now", "expected"), [("19", None), ("20", "large"), ("0.2", "large")])
def test_an_announced_tier_is_measured_by_that_tier(
    pricing: Pricing, now: str, expected: str | None
) -> None:
    old = with_conditions(TIER | prices("2"))
    new = with_conditions(TIER | prices("2"), TIER | FROM | prices(now))
    found = verdict(pricing, old, new)
    assert (found and found["class"]) == expected


def test_an_announcement_of_the_same_price_is_no_move(pricing: Pricing) -> None:
    same = [
        change(prices(n + 1), prices(n + 1, conditions=[FROM | prices(n + 1)]), f"m{n}")
        for n in range(20)
    ]
    assert judged(pricing, same, lists={"openrouter": 20}) == {}


def test_conditions_of_a_first_own_list_do_not_move_with_it(pricing: Pricing) -> None:
    own = [
        change(
            prices(n + 1, conditions=[TIER | prices(n + 2)]),
            prices(n + 1, conditions=[TIER | prices((n + 2) * (1 + Decimal(n + 2) / 20))]),
            f"m{n}",
            old_source="catalogue:x",
        )
        for n in range(20)
    ]
    assert judged(pricing, own, lists={"openrouter": 20}) == {}


def test_an_announcement_moves_with_the_list(pricing: Pricing) -> None:
    alike = [
        change(prices(n + 1), prices(n + 1, conditions=[FROM | prices((n + 1) * 2)]), f"m{n}")
        for n in range(5)
    ]
    found = judged(pricing, alike, lists={"openrouter": 33})
    assert {verdict["class"] for verdict in found.values()} == {"unit"}
    assert len(found) == 5


def test_conditions_of_one_key_are_matched_in_their_order(pricing: Pricing) -> None:
    old = with_conditions(TIER | prices("1"), TIER | prices("200"))
    new = with_conditions(TIER | prices("1.1"), TIER | prices("201"))
    assert verdict(pricing, old, new) is None


# A whole list.


def moving(count: int, factor: object, **more: Any) -> list[Row]:
    return [
        input_change(n + 1, (n + 1) * Decimal(str(factor)), f"m{n}", **more) for n in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "listed", "factor", "held"),
    [
        *((5, 33, 2, True), (4, 4, 2, False), (5, 34, 2, False), (6, 40, 2, True)),
        *((5, 5, "1.9", True), (5, 33, "0.86", True), (5, 33, "0.99", True)),
        *((5, 0, 2, True), (7, 46, "9.99", True), (7, 47, "3.7", False), (9, 60, "7.1", True)),
    ],
)
def test_15_percent_of_the_list_moving_by_one_factor_is_another_unit(
    pricing: Pricing, count: int, listed: int, factor: object, held: bool
) -> None:
    changes = moving(count, factor)
    if listed == 0:
        assert judged(pricing, changes) == {}, "a list of nobody knows how many"
        return
    found = judged(pricing, changes, lists={"openrouter": listed, "deepinfra": 1})
    assert set(found) == ({f"m{n}" for n in range(count)} if held else set())
    for verdict in found.values():
        assert verdict["class"] == "unit"
        assert kinds(verdict) == {(INPUT, "list")}
        assert verdict["reason"] == (
            f"unit: {count} of {listed} models move by the same factor {factor}"
        )


@pytest.mark.parametrize(("last", "held"), [("2.02", True), ("2.020001", False), ("2", True)])
def test_the_same_factor_is_one_within_1_percent(pricing: Pricing, last: str, held: bool) -> None:
    changes = [*moving(4, 2), input_change("3", Decimal(3) * Decimal(last), "last")]
    assert bool(judged(pricing, changes, lists={"openrouter": 5})) is held


def test_only_those_that_move_with_it_are_held(pricing: Pricing) -> None:
    others = [input_change("1", factor, f"o{factor}") for factor in ("1.5", "1.97", "2.03", "3")]
    found = judged(pricing, [*moving(5, 2), *others], lists={"openrouter": 27})
    assert set(found) == {f"m{n}" for n in range(5)}


def test_a_model_counts_once_however_many_axes_move(pricing: Pricing) -> None:
    changes = [change(prices("1", "2"), prices("2", "4.01"), f"m{n}") for n in range(4)]
    assert judged(pricing, changes, lists={"openrouter": 4}) == {}
    found = judged(pricing, [*changes, *moving(1, 2)], lists={"openrouter": 5})
    assert "unit: 5 of 5 models" in found["m0"]["reason"]


def test_axes_may_differ_from_model_to_model(pricing: Pricing) -> None:
    changes = [change({axis: "0.000001"}, {axis: "0.000002"}, axis) for axis in TOKEN_AXES[:5]]
    assert len(judged(pricing, changes, lists={"openrouter": 5})) == 5


def test_models_without_a_price_before_do_not_move_with_the_list(pricing: Pricing) -> None:
    said(pricing, {"back": prices("1")})
    said(pricing, {"back": prices(None, "1")})
    back = change(prices(None, "1"), prices("2", "1"), "back", id=model_id(pricing, "back"))
    first = change(None, prices("2"), "first")
    own = input_change("1", "2", "own", old_source="catalogue:x")
    assert judged(pricing, [*moving(4, 2), back, first, own], lists={"openrouter": 5}) == {}


def test_the_lists_of_the_catalogue_are_its_providers(pricing: Pricing) -> None:
    guard(pricing, "catalogue")
    theirs = [c | {"provider": "anthropic"} for c in moving(5, 2)]
    others = [c | {"provider": "openai"} for c in moving(4, 2)]
    found = pricing.rows(
        f"select provider from public.judge_price_changes('catalogue', {TYPED}, %s)",
        *(Jsonb([*theirs, *others]), Jsonb({"anthropic": 15, "openai": 4})),
    )
    assert [row["provider"] for row in found] == ["anthropic"] * 5


def drifting(count: int, **more: Any) -> list[Row]:
    """Models that move by factors which no other shares."""
    return [
        input_change(n + 1, (n + 1) * (1 + Decimal(n + 2) / 20), f"m{n}", **more)
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "listed", "held"),
    [(10, 29, True), (10, 30, False), (9, 9, False), (11, 32, True), (11, 33, False)],
)
def test_more_than_a_third_of_the_list_may_not_move(
    pricing: Pricing, count: int, listed: int, held: bool
) -> None:
    others = [change(None, prices("1"), "new"), change(prices("1", "2"), prices("1"), "lost")]
    found = judged(pricing, [*drifting(count), *others], lists={"openrouter": listed})
    if not held:
        assert found == {}
        return
    assert set(found) == {*(f"m{n}" for n in range(count)), "new", "lost"}, "all changes"
    for verdict in found.values():
        assert verdict["class"] == "list"
        assert verdict["reason"] == f"list: {count} of {listed} priced models move in one sync"
        assert verdict["evidence"] == [{"kind": "moves", "models": count, "listed": listed}]


def test_what_is_wrong_with_one_model_is_said_beside_it(pricing: Pricing) -> None:
    found = judged(
        pricing,
        [*drifting(10), input_change("1", "10", "large"), input_change("1", "100", "unit")],
        lists={"openrouter": 12},
    )
    list_words = "12 of 12 priced models move in one sync"
    words = "input_per_1m moves by {} times (1 -> {})"
    assert found["large"]["reason"] == f"list: {list_words}; {words.format(10, 10)}"
    assert found["unit"]["reason"] == f"unit: {words.format(100, 100)}; {list_words}"
    assert kinds(found["large"] | {"evidence": found["large"]["evidence"][:1]}) == MOVED


def test_only_a_known_price_that_becomes_another_known_one_moves(pricing: Pricing) -> None:
    """Nor first prices, lost ones, falls to zero, new conditions, or the first own ones."""
    tier = {"min_prompt_tokens": 200000}
    others = [
        change(None, prices("1"), "first"),
        change(prices("1", "2"), prices("1"), "lost"),
        change(prices("1"), prices("0"), "zero", free=True),
        change(prices("1"), prices("1", conditions=[tier | prices("2")]), "condition"),
        input_change("1", "2", "own", old_source="catalogue:x"),
    ]
    assert set(judged(pricing, [*drifting(9), *others], lists={"openrouter": 14})) == {"zero"}
    old = prices("1", conditions=[tier | prices("2")])
    moved = change(old, prices("1", conditions=[tier | prices("3")]), "tier")
    assert len(judged(pricing, [*drifting(9), *others, moved], lists={"openrouter": 14})) == 15


def test_the_moves_of_each_list_count_alone(pricing: Pricing) -> None:
    guard(pricing, "catalogue")
    theirs = drifting(10, provider="anthropic")
    others = drifting(9, provider="openai")
    found = pricing.rows(
        f"select provider from public.judge_price_changes('catalogue', {TYPED}, %s)",
        *(Jsonb([*theirs, *others]), Jsonb({"anthropic": 20, "openai": 20})),
    )
    assert [row["provider"] for row in found] == ["anthropic"] * 10


@pytest.mark.parametrize(
    ("factor", "count", "held"),
    [("2", 5, True), ("0.5", 5, True), ("1.99", 5, False), ("7.1", 4, False), ("0.51", 5, False)],
)
def test_first_prices_that_differ_from_the_catalogue_alike_are_in_another_unit(
    pricing: Pricing, factor: str, count: int, held: bool
) -> None:
    for n in range(40):
        catalogue_says(pricing, prices(n + 1), f"m{n}")
    right = [change(None, prices(n + 1), f"m{n}") for n in range(count, 33)]
    wrong = [
        change(None, prices((n + 1) * Decimal(factor)), f"m{n}", old_source=source)
        for n, source in zip(range(count), [None, None, None, None, "catalogue:x"], strict=False)
    ]
    found = judged(pricing, [*right, *wrong])
    assert set(found) == ({f"m{n}" for n in range(count)} if held else set())
    for verdict in found.values():
        assert (verdict["class"], kinds(verdict)) == ("unit", {(INPUT, "catalogue_list")})
        assert f"5 of 33 first prices are {factor} times the catalogue's" in verdict["reason"]
    more = [change(None, prices(n + 1), f"m{n}") for n in range(33, 40)]
    assert judged(pricing, [*right, *wrong, *more]) == {}, "less than 15 %"


@pytest.mark.parametrize("axis", FEES)
@pytest.mark.parametrize(
    ("count", "known", "held"), [(10, 20, True), (10, 21, False), (9, 9, False)]
)
def test_a_fee_that_goes_from_half_of_the_models_waits(
    pricing: Pricing, axis: str, count: int, known: int, held: bool
) -> None:
    fee = {axis: "0.01"}
    said(pricing, {f"m{n}": prices("1") | fee for n in range(known)})
    said(pricing, {"without": prices("1")})
    lost = [
        change(prices("1") | fee, prices("1") | ({axis: "0"} if n % 2 else {}), f"m{n}")
        for n in range(count)
    ]
    found = judged(pricing, lost, lists={"openrouter": known + 1})
    assert len(found) == (count if held else 0)
    for verdict in found.values():
        assert (verdict["class"], verdict["to_zero"]) == ("large", True)
        assert kinds(verdict) == {(axis, "fees_gone")}
        assert f"{count} of {known} models lose " in verdict["reason"]


BATCH, FLEX = {"service_tier": "batch"}, {"service_tier": "flex"}
UNTIL = {"effective_until": "2099-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("keys", "left", "count", "known", "held"),
    [
        (TIER, [], 10, 20, True),
        (TIER, [], 10, 21, False),
        (TIER, [], 9, 9, False),
        (TIER, [BATCH], 10, 10, True),
        (BATCH, [FLEX], 10, 10, True),
        # Another number of tokens; an end, which comes by itself.
        (TIER, [{"min_prompt_tokens": 100000}], 10, 10, False),
        (UNTIL, [], 10, 10, False),
    ],
)
def test_conditions_that_go_from_half_of_the_models_wait_for_a_person(
    pricing: Pricing, keys: Row, left: list[Row], count: int, known: int, held: bool
) -> None:
    old = prices("1", conditions=[keys | prices("2")])
    now = prices("1", conditions=[each | prices("1.5") for each in left])
    said(pricing, {f"m{n}": old for n in range(known)})
    said(pricing, {"without": prices("1")})
    lost = [change(old, now if left or n % 2 else prices("1"), f"m{n}") for n in range(count)]
    others = [change(prices("1"), prices("1.1"), "without")]
    found = judged(pricing, [*lost, *others], lists={"openrouter": known + 1})
    assert len(found) == (count if held else 0)
    for verdict in found.values():
        assert (verdict["class"], verdict["to_zero"]) == ("list", False)
        assert {each["kind"] for each in verdict["evidence"]} == {"conditions_gone"}
        assert f"{count} of {known} models lose their prices for " in verdict["reason"]
        assert ("lose their prices under conditions" in verdict["reason"]) is (not left)
    if not held:
        return
    first_own = [each | {"old_source": "catalogue:x"} for each in lost]
    assert judged(pricing, first_own, lists={"openrouter": known + 1}) == {}


def test_conditions_of_several_kinds_that_go_together_are_counted_together(
    pricing: Pricing,
) -> None:
    keys: list[Row] = [TIER, BATCH, FLEX, NIGHT]
    old = [prices("1", conditions=[keys[n % 4] | prices("2")]) for n in range(12)]
    said(pricing, {f"m{n}": each for n, each in enumerate(old)})
    lost = [change(each, prices("1"), f"m{n}") for n, each in enumerate(old)]
    found = judged(pricing, lost, lists={"openrouter": 12})
    assert len(found) == 12
    assert found["m0"]["reason"] == (
        "list: 12 of 12 models lose their prices under conditions in one sync"
    )


# The same model elsewhere.


def elsewhere(pricing: Pricing, *inputs: object, model: str = "m", **more: Any) -> None:
    """Other providers have the model at these prices."""
    for slug, amount in zip(("deepinfra", "novita", "groq"), inputs, strict=False):
        said(pricing, {model: prices(amount) | more}, provider=slug)


@pytest.mark.parametrize(
    ("now", "held"),
    [("20", False), ("29.9", False), ("30", True), ("0.31", False), ("0.3", True), ("0.003", True)],
)
def test_a_first_price_is_measured_by_the_median_at_other_providers(
    pricing: Pricing, now: str, held: bool
) -> None:
    elsewhere(pricing, "2", "3", "500")
    found = judged(pricing, [change(None, prices(now))]).get("m")
    assert (found is not None) is held
    if found is None:
        return
    assert (found["class"], kinds(found)) == ("unit", {(INPUT, "elsewhere")})
    (evidence,) = found["evidence"]
    assert (evidence["median"], evidence["providers"]) == ("0.000003", 3)
    times = f"{Decimal(now) / 3:f}"
    assert found["reason"] == (
        f"unit: input_per_1m is {times} times the median at 3 other providers, 3"
    )


def test_of_two_the_median_is_between(pricing: Pricing) -> None:
    elsewhere(pricing, "2", "4")
    assert judged(pricing, [change(None, prices("29.9"))]) == {}
    assert judged(pricing, [change(None, prices("30"))]) != {}


def test_one_other_provider_is_enough(pricing: Pricing) -> None:
    elsewhere(pricing, "1.25")
    found = judged(pricing, [change(None, prices("0.00125"))])["m"]
    assert "is 0.001 times the median at 1 other provider, 1.25" in found["reason"]


def test_only_a_first_price_is_measured_so(pricing: Pricing) -> None:
    elsewhere(pricing, "1", price_per_image="1")
    assert judged(pricing, [input_change("10", "20")]) == {}
    # An axis that the provider had not published is one.
    assert judged(pricing, [change(prices(None, "1"), prices("10", "1"))]) != {}
    assert judged(pricing, [change(None, {"price_per_image": "100"})]) == {}, "fees differ"
    assert judged(pricing, [change(None, prices("0"))]) == {}
    assert judged(pricing, [change(None, prices("10"), source="catalogue:x")]) == {}


@pytest.mark.parametrize(
    "statement",
    [
        "update public.model_pricing set is_active = false",
        "update public.model_pricing set provider_slug = 'openrouter', listed_by = 'openrouter'",
        "update public.model_pricing set model_id = 'M'",
    ],
)
def test_only_active_models_of_others_with_the_same_id_count(
    pricing: Pricing, statement: str
) -> None:
    elsewhere(pricing, "1")
    assert judged(pricing, [change(None, prices("10"))]) != {}
    pricing.maintain(statement)
    assert judged(pricing, [change(None, prices("10"))]) == {}


def test_aliases_say_which_models_are_the_same(pricing: Pricing) -> None:
    elsewhere(pricing, "1", model="theirs")
    first = [change(None, prices("10"), "ours")]
    assert judged(pricing, first) == {}
    alias(pricing, "deepinfra", "theirs", "one")
    assert judged(pricing, first) == {}
    alias(pricing, "openrouter", "ours", "one")
    assert judged(pricing, first) != {}
    # The other's id may be the canonical one, or ours,
    pricing.do("delete from public.pricing_model_aliases")
    alias(pricing, "openrouter", "ours", "theirs")
    assert judged(pricing, first) != {}
    pricing.do("delete from public.pricing_model_aliases")
    alias(pricing, "deepinfra", "theirs", "ours")
    assert judged(pricing, first) != {}
    # and the same id may be another model.
    pricing.do("delete from public.pricing_model_aliases")
    alias(pricing, "deepinfra", "theirs", "another")
    assert judged(pricing, [change(None, prices("10"), "theirs")]) == {}


def test_an_override_elsewhere_is_no_provider_s_price(pricing: Pricing) -> None:
    elsewhere(pricing, "10")
    pricing.rows(
        "select public.set_price_override('deepinfra', 'm', 'contract', input_per_1m => 1,"
        " force => true)"
    )
    assert judged(pricing, [change(None, prices("10"))]) == {}


def test_a_few_first_prices_read_few_rows(pricing: Pricing) -> None:
    for slug in ("deepinfra", "novita"):
        pricing.maintain(
            "insert into public.model_pricing (provider_slug, model_id, name, pricing_source,"
            f" listed_by) select '{slug}', 'm' || n, 'm', 'api:x', '{slug}'"
            " from generate_series(1, 2000) as n"
        )
        pricing.maintain(
            "insert into public.pricing_model_aliases (provider_slug, model_id, canonical_id,"
            f" source) select '{slug}', 'm' || n, 'n' || n, 'manual:ann'"
            " from generate_series(1, 2000) as n"
        )
    pricing.do("analyze public.model_pricing, public.pricing_model_aliases")
    with pricing.reading_few_rows(200):
        judged(pricing, [change(None, prices("10"), f"m{n}") for n in range(10)])


# A provider without any reviewed list.


def test_who_reviews_a_first_list_sees_what_others_charge(pricing: Pricing) -> None:
    guard(pricing, review_first=True)
    elsewhere(pricing, "2", "4")
    changes = [change(None, prices("1.25")), change(None, prices("5"), "nowhere")]
    found = judged(pricing, changes)
    assert {name: verdict["class"] for name, verdict in found.items()} == {
        "m": "first_list",
        "nowhere": "first_list",
    }
    assert found["nowhere"]["evidence"] == []
    assert found["m"]["evidence"] == [
        {
            "axis": INPUT,
            "kind": "elsewhere",
            "now": "0.00000125",
            "median": "0.000003",
            "providers": 2,
        }
    ]
    assert judged(pricing, [change(None, prices("0.003"))])["m"]["class"] == "unit"


def test_the_first_list_of_an_unseen_provider_waits(pricing: Pricing) -> None:
    guard(pricing, review_first=True)
    found = judged(
        pricing,
        [
            change(None, prices("1"), "a"),
            input_change("1", "10", "b"),
            change(None, prices("9999"), "c"),
        ],
    )
    assert {m: v["class"] for m, v in found.items()} == {
        "a": "first_list",
        "b": "large",
        "c": "unit",
    }
    assert found["a"]["reason"].startswith("first_list: ")
    assert (found["a"]["evidence"], found["a"]["ratio"]) == ([], None)


def test_it_writes_nothing(pricing: Pricing) -> None:
    with pricing.nothing_written():
        judged(pricing, moving(50, 1000), lists={"openrouter": 50})
