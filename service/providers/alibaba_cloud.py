"""Alibaba Cloud Model Studio: ``GET /api/v1/models``, in pages, with a key.

Each model has ``prices``, one item for each range of prompt lengths, and in it a price for each
type, a string in the unit that ``price_unit`` names. The list names no currency: the international
site charges in USD (the one in Beijing in CNY), so that site is requested, and any currency other
than USD, should the list ever name one, is refused.

The lowest range is the base and each higher one a condition. ``32k`` is 32,000, not 32,768: other
sellers of the same models publish the same bounds as 32000 and 256000. A model is skipped if its
ranges leave a gap or do not price the same types. The prices of a range or a type with an unknown
key, such as ``time_band``, are a condition with that key. ``thinking_output_token`` is the price of
all output in thinking mode.

Types that do not match one axis (``text_input_token``, ``vision_input_token``, ...) are kept and
not applied. ``input_token_cache`` is the implicit cache, ``input_token_cache_read`` the one that a
request asks for; where both are priced, the second is kept and not applied.
``compatible-mode/v1/models`` has ids only. Source: the provider's API reference and other clients;
never seen on the wire.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from service.prices.price_list import Page, PriceList, RawCondition, RawModel
from service.prices.units import Axis, RawPrice, Unit
from service.providers.adapter import Adapter, Evidence, Pages
from service.reading.currency_and_unit import read_size
from service.reading.known_keys import KnownKeys
from service.reading.model_list import MAX_ENTRIES, read_models, read_name
from service.reading.not_understood import not_understood
from service.reading.price_keys import agreed, read_price
from service.reading.sold_as import Kind
from service.reading.wire import (
    InvalidEntry,
    printable,
    read_array,
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
# Of a mode that a request names, beside the price without it.
THINKING = {"thinking_output_token": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS)}
RANGE_KEYS = ("range_name", "prices")
TYPE_KEYS = ("type", "price", "price_unit", "price_name")
KNOWN = KnownKeys.of("prices[].range_name", (f"prices[].prices[].{key}" for key in TYPE_KEYS))
# The types say that their numbers are for tokens.
BY_TOKEN = frozenset({Kind.EMBEDDING, Kind.RERANK})
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
        body,
        _read_model,
        KNOWN,
        at=("output", "models"),
        id_key="model",
        read_page=_read_page,
        by_token=BY_TOKEN,
    )


@dataclass(frozen=True, slots=True)
class _Range:
    """Prices for prompts of more than ``lower`` tokens, up to ``upper`` (None: no upper bound).

    ``when`` has the keys of the range that are not understood, such as ``time_band``.
    """

    name: str
    lower: int
    upper: int | None
    priced: tuple[tuple[str, dict[str, object]], ...]
    when: dict[str, JsonValue]


def _read_page(answer: dict[str, object], entries: int) -> Page:
    output = read_object(answer.get("output"), "output")
    return Page(
        number=read_whole_number(output.get("page_no"), largest=MAX_ENTRIES),
        pages=None,
        models_total=read_whole_number(output.get("total"), largest=MAX_ENTRIES),
        entries=entries,
    )


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    found = sorted(_read_ranges(entry.get("prices")), key=lambda each: each.lower)
    _require_whole(found)
    ranges = [each for each in found if not each.when]
    applied = _applied_types(found)
    tiers = [_read_tier(each, applied, PRICE_KEYS) for each in ranges]
    if len({frozenset(price.axis for price in tier) for tier in tiers}) > 1:
        raise InvalidEntry("its ranges do not price the same things")
    return RawModel(
        model_id=model_id,
        name=read_name(entry),
        prices=tiers[0] if ranges and not ranges[0].lower else (),
        conditions=(
            *(
                RawCondition(prices=tier, min_prompt_tokens=each.lower)
                for each, tier in zip(ranges, tiers, strict=True)
                if tier and each.lower
            ),
            *_thinking(ranges),
            *_not_understood(found, applied),
        ),
        extra=_kept(found, applied),
        unknown_keys=frozenset(f"prices.{printable(kind)}" for kind in _strange_types(found)),
    )


def _thinking(ranges: list[_Range]) -> Iterator[RawCondition]:
    """The prices of thinking mode; a range without one has none in that mode."""
    if not any(kind in THINKING for each in ranges for kind, _ in each.priced):
        return
    for each in ranges:
        prices = _read_tier(each, set(THINKING), THINKING)
        yield RawCondition(
            prices,
            min_prompt_tokens=each.lower or None,
            when={"thinking": True},
            unknown=() if prices else (Axis.OUTPUT,),
        )


def _not_understood(found: list[_Range], applied: set[str]) -> Iterator[RawCondition]:
    """The prices of ranges and of types that have a key that is not understood."""
    for each in found:
        above = each.lower or None
        if each.when and (prices := _read_tier(each, applied, PRICE_KEYS)):
            yield RawCondition(prices, min_prompt_tokens=above, when=each.when)
        for kind, said in each.priced:
            strange = not_understood(said, TYPE_KEYS)
            meaning = {**PRICE_KEYS, **THINKING}.get(kind)
            if strange and meaning and (kind in applied or kind in THINKING):
                price = _read_type(each, kind, said, meaning)
                if price is not None:
                    yield RawCondition(
                        (price,), min_prompt_tokens=above, when={**each.when, **strange}
                    )


def _read_ranges(value: object) -> Iterator[_Range]:
    for position, item in enumerate(_read_list(value, "prices")):
        path = f"prices[{position}]"
        found = read_object(item, path)
        name = found.get("range_name")
        lower, upper = _read_bounds(name)
        priced = [
            _read_priced(price, f"{path}.prices[{inner}]")
            for inner, price in enumerate(_read_list(found.get("prices"), f"{path}.prices"))
        ]
        when = not_understood(found, RANGE_KEYS)
        yield _Range(printable(str(name)), lower, upper, tuple(priced), when)


def _read_priced(value: object, path: str) -> tuple[str, dict[str, object]]:
    """One type, and the object with its price."""
    found = read_object(value, path)
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


def _require_whole(found: list[_Range]) -> None:
    """InvalidEntry unless the ranges begin at 0 and each begins where the one before it ends.

    A range may come more than once, with keys that are not understood.
    """
    spans = dict.fromkeys((each.lower, each.upper) for each in found)
    plain = [(each.lower, each.upper) for each in found if not each.when]
    end: int | None = 0
    for lower, upper in spans:
        if (
            lower != end
            or (upper is not None and upper <= lower)
            or plain.count((lower, upper)) > 1
        ):
            names = ", ".join(shown(each.name) for each in found)
            raise InvalidEntry(f"its ranges leave a gap or overlap: {names}")
        end = upper


def _applied_types(ranges: list[_Range]) -> set[str]:
    """The types that are read as prices."""
    kinds = {kind for found in ranges for kind, _ in found.priced} & PRICE_KEYS.keys()
    return kinds - {"input_token_cache_read"} if "input_token_cache" in kinds else kinds


def _read_tier(
    found: _Range, applied: Collection[str], meanings: Mapping[str, tuple[Axis, Unit]]
) -> tuple[RawPrice, ...]:
    times = Counter(kind for kind, _ in found.priced)
    prices = [
        _read_type(found, kind, said, meanings[kind])
        for kind, said in found.priced
        # Of several prices of one type, those that say more are conditions only.
        if kind in applied and (times[kind] == 1 or not not_understood(said, TYPE_KEYS))
    ]
    return agreed(price for price in prices if price is not None)


def _read_type(
    found: _Range, kind: str, said: dict[str, object], meaning: tuple[Axis, Unit]
) -> RawPrice | None:
    size = read_size(said.get("price_unit"))
    if size is None or not size.is_that_of(meaning[1]):
        unit = shown(said.get("price_unit"))
        raise InvalidEntry(f"{kind} in the unit {unit} is not understood")
    path = f"prices[{found.name}]" if found.lower or found.when else "prices"
    return read_price(f"{path}.{kind}", said.get("price"), meaning)


def _strange_types(ranges: list[_Range]) -> set[str]:
    kinds = {kind for found in ranges for kind, _ in found.priced}
    return kinds - PRICE_KEYS.keys() - THINKING.keys()


def _kept(ranges: list[_Range], applied: set[str]) -> dict[str, JsonValue]:
    """The prices that are not applied, by type, each with the name of its range."""
    kept: dict[str, list[JsonValue]] = {}
    for found in ranges:
        for kind, said in found.priced:
            if kind not in applied and kind not in THINKING:
                told = verbatim({"range_name": found.name, **said})
                kept.setdefault(f"prices.{printable(kind)}", []).append(told)
    return dict(kept)


def _read_list(value: object, path: str) -> list[object]:
    return [] if value is None else read_array(value, path)


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
        " range or a unit that is not understood is skipped; what else a range says, such as a time"
        " band, makes its prices unknown."
    ),
)
