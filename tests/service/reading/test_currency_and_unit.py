"""Words about currency and unit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from service.prices.price_list import RawModel
from service.prices.units import Axis, Dimension, RawPrice, Unit
from service.reading.currency_and_unit import read_size, require_dollars, require_units
from service.reading.wire import InvalidEntry, Number


@pytest.mark.parametrize(
    ("said", "count"),
    [
        *((word, 1) for word in ("token", "TOKEN", "per_token", "per token", "usd_per_token")),
        *((word, 1_000) for word in ("per_1k_tokens", "1K tokens", "per thousand tokens", "ktok")),
        *(
            (word, 1_000_000)
            for word in (
                *(
                    "1M tokens",
                    "per_1m_tokens",
                    "Per 1M tokens",
                    "per million tokens",
                    "perMTokens",
                ),
                *("million_tokens", "USD/1M tokens", "$ per 1,000,000 tokens", "MTok"),
            )
        ),
    ],
)
def test_sizes_of_tokens_in_any_spelling(said: str, count: int) -> None:
    size = read_size(said)
    assert size is not None
    assert size.dimensions == {Dimension.TOKEN}
    assert size.count == count


@pytest.mark.parametrize(
    ("said", "unit"),
    [
        ("per image", Unit.USD_PER_IMAGE),
        ("request", Unit.USD_PER_REQUEST),
        ("1K searches", Unit.USD_PER_1K_SEARCHES),
        ("1M characters", Unit.USD_PER_1M_CHARACTERS),
        ("per second", Unit.USD_PER_AUDIO_SECOND),
        ("per second of video", Unit.USD_PER_VIDEO_SECOND),
        ("hour", Unit.USD_PER_AUDIO_HOUR),
        ("per 1000 pages", Unit.USD_PER_1K_PAGES),
        ("per 1M", Unit.USD_PER_1M_TOKENS),
        (Number("1000000"), Unit.TEN_THOUSANDTHS_USD_PER_1M_TOKENS),
    ],
)
def test_other_sizes(said: Any, unit: Unit) -> None:
    size = read_size(said)
    assert size is not None
    assert size.is_that_of(unit)


@pytest.mark.parametrize(
    "odd", ["per cow", "CNY per token", "¥/1M tokens", "cents", "", "1.5 tokens", "x" * 99, None, 5]
)
def test_a_size_that_is_not_understood(odd: Any) -> None:
    assert read_size(odd) is None


def model(unit: Unit = Unit.USD_PER_1M_TOKENS, axis: Axis = Axis.INPUT) -> RawModel:
    return RawModel("m", prices=(RawPrice(axis, Decimal(1), unit, "1", "in"),))


@pytest.mark.parametrize("said", ["1M tokens", "USD", "1M"])
def test_the_declared_unit_passes(said: str) -> None:
    require_units([("unit", said)], model())
    require_units([("unit_type", "TOKEN")], model())
    require_units([("unit", "per cow")], RawModel("m"))


@pytest.mark.parametrize(
    ("key", "said", "passes"),
    [
        ("pricing.type", "tokens", True),
        ("pricing.metric", "tokens", True),
        ("pricing.unit", "tokens", False),
        ("unit_type", "1K tokens", False),
        ("billing_type", "per_image", False),
    ],
)
def test_what_is_counted_and_how_many(key: str, said: str, *, passes: bool) -> None:
    if passes:
        require_units([(key, said)], model())
    else:
        with pytest.raises(InvalidEntry):
            require_units([(key, said)], model())


@pytest.mark.parametrize("said", ["token", "per_1k", "image", "CNY", "per cow"])
def test_another_unit_is_refused(said: str) -> None:
    with pytest.raises(InvalidEntry, match="unit"):
        require_units([("unit", said)], model())


def test_a_size_of_tokens_is_no_unit_of_an_image() -> None:
    with pytest.raises(InvalidEntry):
        require_units([("unit", "token")], model(Unit.USD_PER_IMAGE, Axis.IMAGE))


@pytest.mark.parametrize(
    "dollars",
    ["USD", "usd", "US$", "$", "US dollars", " usd ", None, ["USD"], {"code": "USD", "sign": "$"}],
)
def test_dollars(dollars: Any) -> None:
    require_dollars([("currency", dollars)])


def test_a_choice_of_currencies_has_dollars() -> None:
    require_dollars([("supported_currencies", ["EUR", "USD"])])
    for key, value in (("currencies", ["EUR", "CNY"]), ("currency", ["EUR", "USD"])):
        with pytest.raises(InvalidEntry, match="only USD"):
            require_dollars([(key, value)])


@pytest.mark.parametrize("other", ["CNY", "EUR", "dollars", "AUD", "A$", 5, True, {"code": "EUR"}])
def test_another_currency_is_refused(other: Any) -> None:
    with pytest.raises(InvalidEntry, match="only USD"):
        require_dollars([("currency", other)])
