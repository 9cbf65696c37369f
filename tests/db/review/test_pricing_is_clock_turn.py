"""A base price that changes only because another window of the day began."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.db.price_decisions import INPUT, OUTPUT
from tests.db.pricing import Pricing, Row, price

# 2026-01-02 was a Friday.
FRIDAY = "2026-01-02T"
NIGHT = {"utc_start": 1630, "utc_end": 30, INPUT: "0.5", OUTPUT: "0.6"}
NOON = {"utc_start": 1100, "utc_end": 1300, INPUT: "0.7"}
DAY: Row = {INPUT: "1", OUTPUT: "2"}


def turned(pricing: Pricing, new: Row, clock: str, *windows: Row, old: Row = DAY) -> Any:
    conditions = {"conditions": list(windows)}
    return pricing.value(
        "select public.pricing_is_clock_turn(%s, %s, %s)",
        *(Jsonb(old | conditions), Jsonb(new | conditions), f"{FRIDAY}{clock}Z"),
    )


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        *(("16:29:59", False), ("16:30:00", True), ("23:59:59", True), ("00:00:00", True)),
        *(("00:29:59", True), ("00:30:00", False), ("12:00:00", False)),
    ],
)
def test_a_window_is_half_open_and_may_wrap(pricing: Pricing, clock: str, expected: bool) -> None:
    night = {INPUT: "0.50", OUTPUT: "0.6"}
    assert turned(pricing, night, clock, NIGHT, NOON) is expected


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ({INPUT: "0.7", OUTPUT: "2"}, True),
        ({INPUT: "0.7", OUTPUT: "2.1"}, False),
        ({INPUT: "0.70000001", OUTPUT: "2"}, False),
        ({INPUT: "0.5", OUTPUT: "0.6"}, False),
        ({OUTPUT: "2"}, False),
        ({INPUT: "0.7", OUTPUT: "2", "price_per_image": "1"}, False),
        (DAY, False),
    ],
)
def test_every_axis_that_changed_must_be_the_window_s(
    pricing: Pricing, new: Row, expected: bool
) -> None:
    assert turned(pricing, new, "12:00:00", NIGHT, NOON) is expected


def test_from_one_window_to_another(pricing: Pricing) -> None:
    assert turned(pricing, DAY | {INPUT: "0.7"}, "12:00", NIGHT, NOON, old={INPUT: "0.5", **DAY})


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"utc_days": ["friday"]}, True),
        ({"utc_days": ["monday", "friday"]}, True),
        ({"utc_days": ["saturday"]}, False),
        # A price for long prompts only is never shown as the base.
        ({"min_prompt_tokens": 1}, False),
        ({"somewhere": "x"}, False),
        ({"utc_start": 0, "utc_end": 2400}, True),
        ({"utc_start": 1200, "utc_end": 1200}, False),
        ({"utc_start": None}, False),
    ],
)
def test_the_window_must_be_open_for_every_prompt(
    pricing: Pricing, more: Row, expected: bool
) -> None:
    assert turned(pricing, DAY | {INPUT: "0.7"}, "12:00", NOON | more) is expected


@pytest.mark.parametrize("before", [[], [NOON | {INPUT: "0.8"}], [NOON, NIGHT]])
def test_other_conditions_are_another_price(pricing: Pricing, before: list[Row]) -> None:
    assert not pricing.value(
        "select public.pricing_is_clock_turn(%s, %s, %s)",
        Jsonb(DAY | {"conditions": before}),
        Jsonb(DAY | {INPUT: "0.7", "conditions": [NOON]}),
        f"{FRIDAY}12:00Z",
    )
    assert turned(pricing, {INPUT: "0.7"}, "12:00", old=DAY) is False


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_the_clock_is_utc_whatever_the_session_s(pricing: Pricing, zone: str) -> None:
    pricing.do(f"set timezone = '{zone}'")
    assert turned(pricing, DAY | {INPUT: "0.7"}, "12:59:59", NOON) is True
    assert turned(pricing, DAY | {INPUT: "0.7"}, "13:00:00", NOON) is False


def test_a_day_of_syncs_makes_no_history(pricing: Pricing) -> None:
    windows = [NOON, NIGHT]
    for day in ("2026-01-02", "2026-01-03"):
        for hour in range(24):
            shown = DAY | {k: v for w in windows if _open(w, hour) for k, v in w.items()}
            listed = {axis: shown[axis] for axis in (INPUT, OUTPUT)}
            pricing.sync(
                "openrouter",
                [price("m", None, None, conditions=windows, **listed)],
                observed_at=f"{day}T{hour:02}:59:00Z",
            )
    assert len(pricing.history("m")) <= 2, "it was seen first inside a window"
    assert pricing.model("m")[INPUT] == 1


def _open(window: Row, hour: int) -> bool:
    clock, start, end = hour * 100 + 59, int(window["utc_start"]), int(window["utc_end"])
    return start <= clock < end if start <= end else clock >= start or clock < end
