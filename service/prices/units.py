"""What a price is: an axis, an amount and a unit as published, and the one conversion to USD.

``RawPrice`` is what a provider published; ``CanonicalPrice`` is ``Usd`` for ONE unit (token, image,
request, search). They are different types, and ``to_canonical`` is the only way from one to the
other, so that no price is converted twice or not at all: the type checker refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import Enum, StrEnum, auto
from typing import NewType

# US dollars for one unit. Only ``to_canonical`` makes one; a published amount is no such thing.
Usd = NewType("Usd", Decimal)

# Wide enough for every amount that the reader lets in (60 digits) times every factor; should it
# ever not be, the trap raises instead of rounding a price.
_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])


class Dimension(Enum):
    """What one unit of an axis is."""

    TOKEN = auto()
    IMAGE = auto()
    REQUEST = auto()
    SEARCH = auto()


class Axis(StrEnum):
    """Everything that a price can be for; the value is the column that holds it."""

    INPUT = "price_per_input_token"
    OUTPUT = "price_per_output_token"
    CACHE_READ = "price_per_cache_read_token"
    CACHE_WRITE = "price_per_cache_write_token"
    CACHE_WRITE_1H = "price_per_cache_write_1h_token"
    REASONING = "price_per_reasoning_token"
    INPUT_AUDIO = "price_per_input_audio_token"
    OUTPUT_AUDIO = "price_per_output_audio_token"
    CACHE_READ_AUDIO = "price_per_cache_read_audio_token"
    INPUT_IMAGE = "price_per_input_image_token"
    OUTPUT_IMAGE = "price_per_output_image_token"
    IMAGE = "price_per_image"
    REQUEST = "price_per_request"
    WEB_SEARCH = "price_per_web_search"

    @property
    def dimension(self) -> Dimension:
        return _OTHER_DIMENSIONS.get(self, Dimension.TOKEN)


_OTHER_DIMENSIONS = {
    Axis.IMAGE: Dimension.IMAGE,
    Axis.REQUEST: Dimension.REQUEST,
    Axis.WEB_SEARCH: Dimension.SEARCH,
}


class Unit(Enum):
    """Every unit that prices are published in.

    ``factor`` times the published amount is USD for one of ``dimension``.
    """

    USD_PER_TOKEN = ("usd_per_token", Dimension.TOKEN, "1")
    USD_PER_1K_TOKENS = ("usd_per_1k_tokens", Dimension.TOKEN, "0.001")
    USD_PER_1M_TOKENS = ("usd_per_1m_tokens", Dimension.TOKEN, "0.000001")
    CENTS_PER_TOKEN = ("cents_per_token", Dimension.TOKEN, "0.01")
    # 630 is $0.063 per 1M tokens (Novita).
    TEN_THOUSANDTHS_USD_PER_1M_TOKENS = (
        "usd_0.0001_per_1m_tokens",
        Dimension.TOKEN,
        "0.0000000001",
    )
    USD_PER_IMAGE = ("usd_per_image", Dimension.IMAGE, "1")
    USD_PER_REQUEST = ("usd_per_request", Dimension.REQUEST, "1")
    USD_PER_1K_REQUESTS = ("usd_per_1k_requests", Dimension.REQUEST, "0.001")
    USD_PER_SEARCH = ("usd_per_search", Dimension.SEARCH, "1")
    USD_PER_1K_SEARCHES = ("usd_per_1k_searches", Dimension.SEARCH, "0.001")

    def __init__(self, label: str, dimension: Dimension, factor: str) -> None:
        self.label = label
        self.dimension = dimension
        self.factor = Decimal(factor)


@dataclass(frozen=True, slots=True)
class RawPrice:
    """One price as published: ``amount`` is in ``unit``, ``text`` is how ``key`` spelt it.

    A unit of another dimension than the axis, or an amount that is negative or not finite, is a
    mistake of the adapter: ValueError.
    """

    axis: Axis
    amount: Decimal
    unit: Unit
    text: str
    key: str

    def __post_init__(self) -> None:
        if self.unit.dimension is not self.axis.dimension:
            raise ValueError(f"{self.axis.value} cannot be published in {self.unit.label}")
        if not self.amount.is_finite() or self.amount < 0:
            raise ValueError(f"{self.amount} is not an amount")


@dataclass(frozen=True, slots=True)
class CanonicalPrice:
    """USD for one unit of the axis, exactly."""

    axis: Axis
    usd: Usd


def to_canonical(price: RawPrice) -> CanonicalPrice:
    """The one conversion from what was published to USD for one unit; it never rounds."""
    return CanonicalPrice(price.axis, Usd(_EXACT.multiply(price.amount, price.unit.factor)))


def usd_text(usd: Usd) -> str:
    """How the database gets an amount; a published one is refused by the type checker."""
    return plain(usd)


def plain(amount: Decimal) -> str:
    """A decimal as digits without exponent or trailing zeros: ``0.0000003``, ``12``."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
