"""The guard rules, each at its bound, just below and just above it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.db.price_changes import (
    TOKEN_AXES,
    catalogue_says,
    change,
    guard,
    input_change,
    judged,
    kinds,
)
from tests.db.price_decisions import INPUT, OUTPUT, model_id, prices, said
from tests.db.pricing import Pricing, Row

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


@pytest.mark.parametrize("axis", ["price_per_image", "price_per_request", "price_per_web_search"])
def test_fees_of_other_things_are_not(pricing: Pricing, axis: str) -> None:
    assert verdict(pricing, {axis: "0.001"}, {axis: "1000000"}) is None
    assert verdict(pricing, {axis: "1"}, {axis: "0"}) is None


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


def test_a_fall_to_zero_is_large(pricing: Pricing) -> None:
    found = verdict(pricing, prices("0.6", "1"), prices("0", "1"))
    assert found is not None
    assert (found["class"], found["to_zero"], found["ratio"]) == ("large", True, None)
    assert found["reason"] == "large: input_per_1m falls to zero (0.6 -> 0)"
    assert kinds(found) == {(INPUT, "zero")}
    assert (found["evidence"][0]["before"], found["evidence"][0]["now"]) == ("0.0000006", "0")


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


def test_the_catalogue_s_price_is_no_measure_of_a_first_own_one(pricing: Pricing) -> None:
    said(pricing, {"m": prices("1")}, source="catalogue:genai-prices@0.2.3")
    ours: Row = {"id": model_id(pricing, "m"), "old_source": "catalogue:genai-prices@0.2.3"}
    assert judged(pricing, [input_change("1", "300", **ours)]) == {}
    said(pricing, {"m": prices(None, "1")}, source="catalogue:genai-prices@0.2.3")
    assert judged(pricing, [input_change(None, "300", **ours)]) == {}
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
    found = verdict(pricing, None, prices(now))
    assert (found is not None) is held
    if found is not None:
        assert kinds(found) == {(INPUT, "catalogue")}
        assert found["evidence"][0]["catalogue"] == "0.0000003"


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
    assert verdict(pricing, None, prices("0", "100")) is None


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


def test_the_price_of_a_condition_that_falls_to_zero_is_large(pricing: Pricing) -> None:
    found = verdict(
        pricing, with_conditions(TIER | prices("2")), with_conditions(TIER | prices("0"))
    )
    assert found is not None
    assert (found["class"], found["to_zero"]) == ("large", True)


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
        *((5, 15, 2, True), (4, 4, 2, False), (5, 16, 2, False), (6, 16, 2, True)),
        *((5, 5, "1.999999", False), (5, 15, "0.5", True), (5, 15, "0.500001", False)),
        *((5, 0, 2, True), (7, 21, "9.99", True), (7, 21, "3.7", True)),
    ],
)
def test_a_third_of_the_list_moving_by_one_factor_is_another_unit(
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
    found = judged(pricing, [*moving(5, 2), *others], lists={"openrouter": 9})
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
        "select provider from public.judge_price_changes('catalogue', %s, %s)",
        *(Jsonb([*theirs, *others]), Jsonb({"anthropic": 15, "openai": 4})),
    )
    assert [row["provider"] for row in found] == ["anthropic"] * 5


# A provider without any reviewed list.


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
