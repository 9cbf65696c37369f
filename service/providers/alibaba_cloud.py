"""Alibaba Cloud Model Studio: ``GET /api/v1/models``, in pages, with a key.

Each model has ``prices``, one item for each range of prompt lengths, and in it a price for each
type, a string in the unit that ``price_unit`` names. The list names no currency: the international
site charges in USD (the one in Beijing in CNY), so that site is requested, and any currency other
than USD, should the list ever name one, is refused.

The lowest range is the base and each higher one a condition. ``32k`` is 32,000, not 32,768: other
sellers of the same models publish the same bounds as 32000 and 256000. A model is skipped if its
ranges leave a gap, if they do not price the same types, or if one has an unknown key, such as
``time_band``: half a range would be a wrong price.

Types that do not match one axis (``text_input_token``, ``thinking_output_token``, ...) are kept and
not applied. ``input_token_cache`` is the implicit cache, ``input_token_cache_read`` the one that a
request asks for; where both are priced, the second is kept and not applied.
``compatible-mode/v1/models`` has ids only. Source: the provider's API reference and other clients;
never seen on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from service.errors import ParseError
from service.prices.price_list import Page, PriceList, RawCondition, RawModel
from service.prices.units import Axis, RawPrice, Unit
from service.providers.adapter import Adapter, Evidence, Pages
from service.reading.model_list import MAX_ENTRIES, read_models, read_name
from service.reading.price_keys import agreed, may_cost, only_zeros, read_price
from service.reading.wire import (
    InvalidEntry,
    printable,
    read_object,
    read_whole_number,
    shown,
    verbatim,
)

PRICE_KEYS = {
    "input_token": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "output_token": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
    "input_token_cache": (Axis.CACHE_READ, Unit.USD_PER_1M_TOKENS),
    "input_token_cache_read": (Axis.CACHE_READ, Unit.USD_PER_1M_TOKENS),
    "input_token_cache_creation_5m": (Axis.CACHE_WRITE, Unit.USD_PER_1M_TOKENS),
    "image_number": (Axis.IMAGE, Unit.USD_PER_IMAGE),
}
UNITS = {
    "per million tokens": Unit.USD_PER_1M_TOKENS,
    "per 1m tokens": Unit.USD_PER_1M_TOKENS,
    "per image": Unit.USD_PER_IMAGE,
}
# Enough for any range; its name is in the history beside each of its prices.
MAX_RANGE_LENGTH = 60
THOUSANDS = {"": 1, "k": 1_000, "m": 1_000_000}
RANGE = re.compile(
    r"(?:(?P<lower>[0-9]{1,9})(?P<lower_k>[km]?)<)?(?:token|input)s?"
    r"(?:<=(?P<upper>[0-9]{1,9})(?P<upper_k>[km]?))?"
)


def parse(body: bytes) -> PriceList:
    """The models of one page, those without a price included."""
    return read_models(
        body, _read_model, at=("output", "models"), id_key="model", read_page=_read_page
    )


@dataclass(frozen=True, slots=True)
class _Range:
    """Prices for prompts of more than ``lower`` tokens, up to ``upper`` (None: no upper bound)."""

    name: str
    lower: int
    upper: int | None
    priced: tuple[tuple[str, dict[str, object]], ...]


def _read_page(answer: dict[str, object], entries: int) -> Page:
    output = read_object(answer.get("output"), "output")
    try:
        _require_dollars(answer, "the answer")
        _require_dollars(output, "output")
    except InvalidEntry as invalid:
        raise ParseError(f"The prices are not in USD: {invalid}.") from None
    return Page(
        number=read_whole_number(output.get("page_no"), largest=MAX_ENTRIES),
        pages=None,
        models_total=read_whole_number(output.get("total"), largest=MAX_ENTRIES),
        entries=entries,
    )


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    _require_dollars(entry, "the entry")
    ranges = sorted(_read_ranges(entry.get("prices")), key=lambda found: found.lower)
    _require_whole(ranges)
    applied = _applied_types(ranges)
    tiers = [_read_tier(found, applied, is_base=not found.lower) for found in ranges]
    if len({frozenset(price.axis for price in tier) for tier in tiers}) > 1:
        raise InvalidEntry("its ranges do not price the same things")
    extra = _kept(ranges, applied)
    published = [price for tier in tiers for price in tier]
    unknown = published if only_zeros(published) and may_cost(extra) else []
    if unknown:
        # The model is charged by a type that is not applied, so 0 does not mean free.
        tiers = [() for _ in tiers]
    return RawModel(
        model_id=model_id,
        name=read_name(entry),
        prices=tiers[0] if tiers else (),
        conditions=tuple(
            RawCondition(prices=tier, min_prompt_tokens=found.lower)
            for found, tier in zip(ranges[1:], tiers[1:], strict=True)
            if tier
        ),
        unknown={price.key: price.text for price in unknown},
        extra=extra,
        unknown_keys=frozenset(
            key for key in extra if key.removeprefix("prices.") not in PRICE_KEYS
        ),
    )


def _read_ranges(value: object) -> Iterator[_Range]:
    for position, item in enumerate(_read_list(value, "prices")):
        path = f"prices[{position}]"
        found = read_object(item, path)
        _require_understood(found, {"range_name", "prices"}, path)
        name = found.get("range_name")
        lower, upper = _read_bounds(name)
        priced = [
            _read_priced(price, f"{path}.prices[{inner}]")
            for inner, price in enumerate(_read_list(found.get("prices"), f"{path}.prices"))
        ]
        yield _Range(printable(str(name)), lower, upper, tuple(priced))


def _read_priced(value: object, path: str) -> tuple[str, dict[str, object]]:
    """One type, and the object with its price."""
    found = read_object(value, path)
    _require_understood(found, {"type", "price", "price_unit", "price_name"}, path)
    kind = found.get("type")
    if not isinstance(kind, str):
        raise InvalidEntry(f"{path}.type is {shown(kind)}")
    return kind, found


def _read_bounds(name: object) -> tuple[int, int | None]:
    """The bounds in a text such as ``32k<Input<=256k``; ``Default`` is every length."""
    text = ""
    if isinstance(name, str) and len(name) <= MAX_RANGE_LENGTH:
        text = "".join(name.lower().split()).replace("≤", "<=")
    if text == "default":
        return 0, None
    found = RANGE.fullmatch(text)
    if found is None or (found["lower"] is None and found["upper"] is None):
        raise InvalidEntry(f"the range {shown(name)} is not understood")
    lower = int(found["lower"] or 0) * THOUSANDS[found["lower_k"] or ""]
    if found["upper"] is None:
        return lower, None
    return lower, int(found["upper"]) * THOUSANDS[found["upper_k"]]


def _require_whole(ranges: list[_Range]) -> None:
    """InvalidEntry unless the ranges begin at 0 and each begins where the one before it ends."""
    end: int | None = 0
    for found in ranges:
        if found.lower != end or (found.upper is not None and found.upper <= found.lower):
            names = ", ".join(shown(each.name) for each in ranges)
            raise InvalidEntry(f"its ranges leave a gap or overlap: {names}")
        end = found.upper


def _applied_types(ranges: list[_Range]) -> set[str]:
    """The types that are read as prices."""
    kinds = {kind for found in ranges for kind, _ in found.priced} & PRICE_KEYS.keys()
    return kinds - {"input_token_cache_read"} if "input_token_cache" in kinds else kinds


def _read_tier(found: _Range, applied: set[str], *, is_base: bool) -> tuple[RawPrice, ...]:
    prices = []
    for kind, said in found.priced:
        if kind in applied:
            meaning = PRICE_KEYS[kind]
            unit = said.get("price_unit")
            if not isinstance(unit, str) or UNITS.get(" ".join(unit.lower().split())) != meaning[1]:
                raise InvalidEntry(f"{kind} in the unit {shown(unit)} is not understood")
            path = "prices" if is_base else f"prices[{found.name}]"
            prices.append(read_price(f"{path}.{kind}", said.get("price"), meaning))
    return agreed(price for price in prices if price is not None)


def _kept(ranges: list[_Range], applied: set[str]) -> dict[str, JsonValue]:
    """The prices that are not applied, by type, each with the name of its range."""
    kept: dict[str, list[JsonValue]] = {}
    for found in ranges:
        for kind, said in found.priced:
            if kind not in applied:
                told = verbatim({"range_name": found.name, **said})
                kept.setdefault(f"prices.{printable(kind)}", []).append(told)
    return dict(kept)


def _require_understood(found: Mapping[str, object], known: Collection[str], path: str) -> None:
    _require_dollars(found, path)
    for key, value in found.items():
        if key not in known and "currency" not in key.lower() and value not in (None, "", [], {}):
            raise InvalidEntry(f"{path} has {shown(key)}, which is not understood")


def _require_dollars(found: Mapping[str, object], path: str) -> None:
    for key, value in found.items():
        if "currency" in key.lower() and value is not None and value != "USD":
            raise InvalidEntry(f"{path} says {shown(key)}: {shown(value)}, and only USD is read")


def _read_list(value: object, path: str) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidEntry(f"{path} is {shown(value)}, not an array")
    return value


ADAPTER = Adapter(
    slug="alibaba-cloud",
    name="Alibaba Cloud Model Studio",
    base_url="https://dashscope-intl.aliyuncs.com",
    path="/api/v1/models?capabilities=TG&service_site=international&language=en-US",
    credential_variable="DASHSCOPE_API_KEY",
    parse=parse,
    evidence=Evidence.DOCUMENTED,
    price_keys={f"prices.{key}": meaning for key, meaning in PRICE_KEYS.items()},
    pages=Pages(number="page_no", size_name="page_size", size=100),
    note=(
        "The list names no currency: only the international site charges in USD. A model with a"
        " range, a unit or a time band that is not understood is skipped."
    ),
)
