"""Defines axes and units of prices, and converts a published amount to USD for one unit.

``RawPrice`` is what a provider published; ``CanonicalPrice`` is ``Usd`` for ONE unit (token, image,
request, search). They are different types, and only ``to_canonical`` converts between them, so the
type checker refuses a price that is converted twice or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import Enum, StrEnum, auto
from functools import cached_property
from typing import NewType

# US dollars for one unit. Only ``to_canonical`` makes one.
Usd = NewType("Usd", Decimal)

# Wide enough for each amount that is accepted (60 digits) times each factor; if it ever is not, the
# trap raises rather than round a price.
_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])

# An hour's price divided by 3,600 may have endless digits; prices are compared by 12 of them.
_ROUNDED = Context(prec=30)


class Dimension(Enum):
    """What an axis counts."""

    TOKEN = auto()
    IMAGE = auto()
    REQUEST = auto()
    SEARCH = auto()
    CHARACTER = auto()
    AUDIO_SECOND = auto()
    PAGE = auto()
    VIDEO_SECOND = auto()


class Axis(StrEnum):
    """What a price is for; the value is its column in ``model_pricing``."""

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
    INPUT_CHARACTER = "price_per_input_character"
    AUDIO_SECOND = "price_per_audio_second"
    PAGE = "price_per_page"
    VIDEO_SECOND = "price_per_video_second"

    # Enum's own is a call in Python at each look-up.
    __hash__ = str.__hash__

    @cached_property
    def column(self) -> str:
        """The value; ``value`` itself is a call in Python each time."""
        return str(self)

    @cached_property
    def dimension(self) -> Dimension:
        return _OTHER_DIMENSIONS.get(self, Dimension.TOKEN)


_OTHER_DIMENSIONS = {
    Axis.IMAGE: Dimension.IMAGE,
    Axis.REQUEST: Dimension.REQUEST,
    Axis.WEB_SEARCH: Dimension.SEARCH,
    Axis.INPUT_CHARACTER: Dimension.CHARACTER,
    Axis.AUDIO_SECOND: Dimension.AUDIO_SECOND,
    Axis.PAGE: Dimension.PAGE,
    Axis.VIDEO_SECOND: Dimension.VIDEO_SECOND,
}


class Unit(Enum):
    """The units that prices are published in.

    The amount times ``factor``, divided by ``divisor``, is USD for one unit.
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
    USD_PER_CHARACTER = ("usd_per_character", Dimension.CHARACTER, "1")
    USD_PER_1M_CHARACTERS = ("usd_per_1m_characters", Dimension.CHARACTER, "0.000001")
    USD_PER_AUDIO_SECOND = ("usd_per_audio_second", Dimension.AUDIO_SECOND, "1")
    USD_PER_AUDIO_HOUR = ("usd_per_audio_hour", Dimension.AUDIO_SECOND, "1", "3600")
    USD_PER_PAGE = ("usd_per_page", Dimension.PAGE, "1")
    USD_PER_1K_PAGES = ("usd_per_1k_pages", Dimension.PAGE, "0.001")
    USD_PER_VIDEO_SECOND = ("usd_per_video_second", Dimension.VIDEO_SECOND, "1")

    __hash__ = object.__hash__

    def __init__(self, label: str, dimension: Dimension, factor: str, divisor: str = "1") -> None:
        self.label = label
        self.dimension = dimension
        self.factor = Decimal(factor)
        self.divisor = Decimal(divisor)


@dataclass(frozen=True, slots=True)
class RawPrice:
    """One price as published: ``amount`` in ``unit``, and ``text``, the value of wire key ``key``.

    ValueError, a mistake of the adapter: a unit of another dimension than the axis, or an amount
    that is negative or not finite.
    """

    # Text and key nearly always tell prices apart, and their hashes are known already.
    axis: Axis = field(hash=False)
    amount: Decimal = field(hash=False)
    unit: Unit = field(hash=False)
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
    """Convert a published price to USD for one unit.

    Exact, but for a price by the hour: USD per second is rounded to 30 significant digits.
    """
    usd = _EXACT.multiply(price.amount, price.unit.factor)
    if price.unit.divisor != 1:
        usd = _ROUNDED.divide(usd, price.unit.divisor)
    return CanonicalPrice(price.axis, Usd(usd))


def usd_text(usd: Usd) -> str:
    """An amount as the database takes it; the type checker refuses a published one."""
    return plain(usd)


def plain(amount: Decimal) -> str:
    """A decimal as digits without exponent or trailing zeros: ``0.0000003``, ``12``."""
    text = str(amount)
    if "E" in text:
        text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
