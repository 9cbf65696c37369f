"""The base price is resolved among prices by the time of day."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal

import pytest

from service.prices.price_list import RawCondition
from service.prices.units import Axis, RawPrice, Unit
from service.reading.time_windows import MINUTES, read_weekdays, read_window, resolve_base
from service.reading.wire import InvalidEntry, Number

Window = tuple[int, int, str]
POINTER = 8


def price(amount: str, axis: Axis = Axis.INPUT) -> RawPrice:
    return RawPrice(axis, Decimal(amount), Unit.USD_PER_TOKEN, amount, axis.name)


def windows(*given: Window) -> list[RawCondition]:
    return [RawCondition((price(p),), utc_start=start, utc_end=end) for start, end, p in given]


def base(*given: Window, published: str = "7") -> str:
    (settled,) = resolve_base([price(published)], windows(*given))
    assert (settled.text, settled.key) == (published, "INPUT")
    return str(settled.amount)


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        pytest.param([(0, 2400, "1")], "1", id="one window"),
        pytest.param([(0, 1300, "1"), (1300, 2400, "2")], "1", id="the longer"),
        pytest.param([(0, 1100, "1"), (1100, 2400, "2")], "2", id="the longer, last"),
        pytest.param([(1100, 2400, "2"), (0, 1100, "1")], "2", id="in whatever order"),
        pytest.param([(0, 1200, "1"), (1200, 2400, "2")], "1", id="as long: the first"),
        pytest.param([(1200, 2400, "2"), (0, 1200, "1")], "1", id="as long, in whatever order"),
        pytest.param([(600, 1800, "1"), (1800, 600, "2")], "1", id="as long, over midnight"),
        pytest.param([(1801, 600, "2"), (600, 1801, "1")], "1", id="a minute"),
        pytest.param([(1759, 600, "2"), (600, 1759, "1")], "2", id="a minute less"),
        pytest.param(
            [(0, 500, "1"), (500, 1100, "2"), (1100, 1600, "1"), (1600, 2400, "3")],
            "1",
            id="windows of one price together",
        ),
        pytest.param(
            [
                *[(0, 200, "5"), (200, 600, "1"), (600, 1000, "3"), (1000, 1800, "2")],
                *[(1800, 2000, "4"), (2000, 2400, "1")],
            ],
            "1",
            id="as long: the first beginning of the first",
        ),
        pytest.param([(0, 2400, "1"), (100, 2300, "2")], "2", id="later ones win"),
        pytest.param([(100, 2300, "2"), (0, 2400, "1")], "1", id="wholly"),
    ],
)
def test_windows_that_cover_the_day_determine_the_base(given: list[Window], amount: str) -> None:
    assert base(*given) == amount


@pytest.mark.parametrize(
    "given",
    [
        [],
        [(0, 2359, "1")],
        [(100, 2400, "1")],
        [(1200, 1159, "1")],
        [(500, 500, "1")],
        [(0, 1200, "1"), (1201, 2400, "1")],
    ],
)
def test_windows_with_a_gap_leave_the_published_price(given: list[Window]) -> None:
    assert base(*given) == "7"


@pytest.mark.parametrize(
    "condition",
    [
        RawCondition((price("1"),), utc_start=0, utc_end=2400, utc_days=("monday",)),
        RawCondition((price("1"),), utc_start=0, utc_end=2400, min_prompt_tokens=0),
        RawCondition((price("1"),), min_prompt_tokens=0),
        RawCondition((price("1", Axis.OUTPUT),), utc_start=0, utc_end=2400),
    ],
)
def test_only_windows_of_that_price_count(condition: RawCondition) -> None:
    assert resolve_base([price("7")], [condition]) == (price("7"),)


def test_each_price_has_windows_of_its_own() -> None:
    both = (price("1"), price("2", Axis.OUTPUT))
    conditions = [
        RawCondition(both, utc_start=0, utc_end=1300),
        RawCondition((price("3"),), utc_start=1300, utc_end=2400),
    ]
    settled = resolve_base([price("3"), price("9", Axis.OUTPUT)], conditions)
    assert [str(each.amount) for each in settled] == ["1", "9"]


def test_the_unit_is_that_of_the_window() -> None:
    per_million = RawPrice(Axis.INPUT, Decimal(5), Unit.USD_PER_1M_TOKENS, "5", "window")
    condition = RawCondition((per_million,), utc_start=0, utc_end=2400)
    (settled,) = resolve_base([price("7")], [condition])
    assert (settled.amount, settled.unit) == (Decimal(5), Unit.USD_PER_1M_TOKENS)


def test_a_window_is_two_clock_numbers_or_none() -> None:
    assert read_window(None, None) == (None, None)
    assert read_window(Number("2330"), Number("2400")) == (2330, 2400)
    for start, end in (
        (None, Number("5")),
        (Number("5"), None),
        (Number("60"), Number("100")),
        (Number("100"), Number("2360")),
        (Number("2401"), Number("5")),
        ("0", "100"),
    ):
        says = "is missing" if None in (start, end) else "is not a"
        with pytest.raises(InvalidEntry, match=says):
            read_window(start, end)


def test_weekdays_are_in_the_order_of_the_week() -> None:
    assert read_weekdays(None) == ()
    assert read_weekdays(["sunday", "monday"]) == ("monday", "sunday")
    for odd in ([], "monday", ["Monday"], [Number("1")]):
        with pytest.raises(InvalidEntry):
            read_weekdays(odd)


def test_prices_without_windows_build_no_day() -> None:
    """Most have none; the days of a list of 25,000 models took most of a worker's time."""
    # Neither condition is a window of this price: one has another axis, the other no times.
    others = [
        RawCondition((price("1", Axis.OUTPUT),), utc_start=0, utc_end=2400),
        RawCondition((price("1"),), min_prompt_tokens=1000),
    ]
    published = price("7")
    tracemalloc.start()
    try:
        (settled,) = resolve_base([published], others)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert settled is published
    assert peak < MINUTES * POINTER
