"""Which zeros are prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.prices.price_list import RawCondition, RawModel
from service.prices.units import Axis, Dimension, RawPrice, Unit
from service.prices.zeros import FEES, FILLED, without_filling

UNITS = {
    Dimension.TOKEN: Unit.USD_PER_TOKEN,
    Dimension.IMAGE: Unit.USD_PER_IMAGE,
    Dimension.REQUEST: Unit.USD_PER_REQUEST,
    Dimension.SEARCH: Unit.USD_PER_SEARCH,
    Dimension.CHARACTER: Unit.USD_PER_CHARACTER,
    Dimension.AUDIO_SECOND: Unit.USD_PER_AUDIO_SECOND,
    Dimension.PAGE: Unit.USD_PER_PAGE,
    Dimension.VIDEO_SECOND: Unit.USD_PER_VIDEO_SECOND,
}


def prices(where: str = "", /, **amounts: Any) -> tuple[RawPrice, ...]:
    """Prices by the names of axes."""
    return tuple(
        RawPrice(axis, Decimal(str(amount)), UNITS[axis.dimension], str(amount), where + name)
        for name, amount in amounts.items()
        for axis in [Axis[name]]
    )


def charged(base: dict[str, Any], *conditions: dict[str, Any]) -> dict[str, Any]:
    read = RawModel(
        "m",
        prices=prices(**base),
        conditions=tuple(
            RawCondition(prices(f"{at}.", **each), min_prompt_tokens=at + 1)
            for at, each in enumerate(conditions)
        ),
    )
    return without_filling(read).as_charged()


@pytest.mark.parametrize("axis", sorted(FEES | FILLED))
def test_a_zero_beside_a_positive_price_is_no_price_and_its_text_stays(axis: Axis) -> None:
    zeros = {"OUTPUT": 0, axis.name: 0}
    model = without_filling(RawModel("m", prices=prices(INPUT=1, **zeros)))
    assert [price.axis for price in model.prices] == [Axis.INPUT, Axis.OUTPUT]
    assert model.unknown == {axis.name: "0"}


@pytest.mark.parametrize("axis", sorted(FEES | FILLED))
def test_in_a_free_model_only_zeros_of_fees_are_left_out(axis: Axis) -> None:
    model = without_filling(RawModel("m", prices=prices(INPUT=0, **{axis.name: "0.0"})))
    kept = {price.axis for price in model.prices}
    assert kept == ({Axis.INPUT} if axis in FEES else {Axis.INPUT, axis})


def test_a_price_under_a_condition_is_a_positive_price_too() -> None:
    assert charged({"INPUT": 0, "CACHE_READ": 0}, {"INPUT": 1}) == {
        "price_per_input_token": "0",
        "conditions": [{"min_prompt_tokens": 1, "price_per_input_token": "1"}],
    }


def test_a_zero_under_a_condition_makes_a_known_price_unknown_there() -> None:
    found = charged({"INPUT": 1, "CACHE_READ": "0.1"}, {"INPUT": 2, "CACHE_READ": 0})
    assert found["conditions"] == [
        {
            "min_prompt_tokens": 1,
            "price_per_cache_read_token": None,
            "price_per_input_token": "2",
        }
    ]


def test_a_zero_under_a_condition_says_nothing_of_an_axis_without_a_price() -> None:
    assert "conditions" not in charged({"INPUT": 1}, {"CACHE_READ": 0, "REQUEST": 0})


def test_a_condition_may_take_a_fee_away() -> None:
    found = charged({"INPUT": 1, "REQUEST": 2}, {"REQUEST": 0})
    assert found["conditions"] == [{"min_prompt_tokens": 1, "price_per_request": "0"}]


def test_a_condition_may_make_the_model_free() -> None:
    zeros = {"INPUT": 0, "CACHE_READ": 0}
    found = charged({"INPUT": 1, "CACHE_READ": "0.1"}, zeros)
    assert found["conditions"] == [
        {
            "min_prompt_tokens": 1,
            "price_per_input_token": "0",
            "price_per_cache_read_token": "0",
        }
    ]


amounts = st.dictionaries(st.sampled_from([a.name for a in Axis]), st.sampled_from([0, 1]))


@given(base=amounts, conditions=st.lists(amounts, max_size=3))
def test_a_positive_price_never_goes_and_twice_is_once(
    base: dict[str, Any], conditions: list[dict[str, Any]]
) -> None:
    read = RawModel(
        "m",
        prices=prices(**base),
        conditions=tuple(
            RawCondition(prices(f"{at}.", **each), min_prompt_tokens=at)
            for at, each in enumerate(conditions)
        ),
    )
    found = without_filling(read)
    everywhere = [*found.prices, *(p for each in found.conditions for p in each.prices)]
    positive = sum(map(sum, (each.values() for each in (base, *conditions))))
    assert sum(price.amount for price in everywhere) == positive
    texts = {price.key for price in everywhere} | found.unknown.keys()
    assert len(texts) == sum(map(len, (base, *conditions)))
    assert without_filling(found) == found
