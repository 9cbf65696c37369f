"""Vercel AI Gateway: ``GET /v1/models``, no key needed.

Prices are strings in USD per token, and per image, character, second and 1,000 searches where the
key says so. ``<key>_tiers`` repeats the price by the length of the prompt:
``[{"cost", "min", "max"}]``, half-open, so ``min`` 32001 means more than 32,000 tokens. Some tiers
begin one below the ``max`` before them; then that ``max`` counts.

``regional``, ``service_tiers`` and ``fast`` are prices for requests that ask for them. A region and
a service tier at once have a price only where the list has one; without it that is unknown, and so
are long prompts of a region or service tier without tiers of its own. Where the price varies by
provider, it is unknown whose it is. Prices of videos, sessions and map searches are kept and not
read. Source: a recorded list; for the units and for what only some requests pay, other clients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from pydantic import JsonValue

from service.prices.price_list import PriceList, RawCondition, RawModel
from service.prices.units import Axis, Dimension, RawPrice, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.entry_digests import EntryDigests
from service.reading.known_keys import KnownKeys
from service.reading.model_list import read_models, read_name
from service.reading.not_understood import not_understood
from service.reading.price_keys import (
    ReadPrices,
    agreed,
    as_unknown,
    only_zeros,
    read_price,
    read_prices,
    read_pricing,
)
from service.reading.price_tiers import read_prompt_tokens, without_base, without_repeats
from service.reading.sold_as import Kind
from service.reading.wire import (
    InvalidEntry,
    printable,
    read_array,
    read_object,
    shown,
)

TOKEN_KEYS = {
    "input": (Axis.INPUT, Unit.USD_PER_TOKEN),
    "output": (Axis.OUTPUT, Unit.USD_PER_TOKEN),
    "input_cache_read": (Axis.CACHE_READ, Unit.USD_PER_TOKEN),
    "input_cache_write": (Axis.CACHE_WRITE, Unit.USD_PER_TOKEN),
    "audio_input_token_cost": (Axis.INPUT_AUDIO, Unit.USD_PER_TOKEN),
    "audio_output_token_cost": (Axis.OUTPUT_AUDIO, Unit.USD_PER_TOKEN),
}
PRICE_KEYS = {
    **TOKEN_KEYS,
    "image": (Axis.IMAGE, Unit.USD_PER_IMAGE),
    "speech_input_character_cost": (Axis.INPUT_CHARACTER, Unit.USD_PER_CHARACTER),
    "transcription_duration_cost_per_second": (Axis.AUDIO_SECOND, Unit.USD_PER_AUDIO_SECOND),
    # "10", for what the makers charge $10 per 1,000.
    "web_search": (Axis.WEB_SEARCH, Unit.USD_PER_1K_SEARCHES),
}
TIERS = {f"{key}_tiers": key for key in TOKEN_KEYS}
TIER_KEYS = ("cost", "min", "max")
IMAGES = "image_dimension_quality_pricing"
IMAGE_KEYS = {"size": "image_size", "quality": "image_quality"}
LONG = "long_context"
VARIES = "varies_by_provider"
# As the size of an image: of one whose size the request does not name.
ANY_SIZE = "default"
# Of prices that a request asks for.
REQUESTED_KEYS = (*TOKEN_KEYS, *TIERS, LONG, "fast")

_VARIANT = (*TOKEN_KEYS, *(f"{key}[].{inner}" for key in TIERS for inner in TIER_KEYS))
KNOWN = KnownKeys.of(
    (f"pricing.{key}" for key in (*PRICE_KEYS, *_VARIANT, VARIES)),
    (f"pricing.{IMAGES}[].{key}" for key in ("cost", *IMAGE_KEYS)),
    (
        f"pricing.{where}.{key}"
        for where in ("fast", "service_tiers.*", "regional.*", "regional.*.fast")
        for key in (*_VARIANT, *(f"{LONG}.{inner}" for inner in (*TOKEN_KEYS, "threshold")))
    ),
)
# "Cost per input token", of an embedding model too.
BY_TOKEN = frozenset({Kind.EMBEDDING})


def parse(body: bytes, digests: EntryDigests | None = None) -> PriceList:
    """Every model of a list, those without a price included."""
    return read_models(body, _read_model, KNOWN, by_token=BY_TOKEN, digests=digests)


@dataclass(slots=True)
class _Variant:
    """The prices of one object: flat ones, and those above numbers of prompt tokens."""

    read: ReadPrices
    above: dict[int, list[RawPrice]] = field(default_factory=dict)
    conditions: list[RawCondition] = field(default_factory=list)
    has_unread: bool = False

    @property
    def axes(self) -> dict[Axis, None]:
        """The priced axes, in order."""
        prices = chain(self.read.prices, *self.above.values())
        return dict.fromkeys(price.axis for price in prices)

    def under(self, when: Mapping[str, JsonValue], base: _Variant) -> Iterator[RawCondition]:
        """The conditions for requests that name ``when``.

        Where only ``base`` has tiers of an axis, its long prompts have no known price here. Nor
        have its axes beside a price that is not read, or where this has only zeros and it has not.
        """
        own = [*self.read.prices, *chain(*self.above.values())]
        if only_zeros(own) and any(price.amount for price in base.read.prices):
            yield RawCondition((), when=when, unknown=tuple(self.axes))
            return
        flat = RawCondition(self.read.prices, when=when)
        yield without_base(flat, base.axes) if self.has_unread else flat
        tiered = {price.axis for prices in self.above.values() for price in prices}
        for tokens in sorted({*self.above, *base.above}):
            missing = {price.axis for price in base.above.get(tokens, ())} & set(self.axes) - tiered
            yield RawCondition(
                tuple(self.above.get(tokens, ())),
                min_prompt_tokens=tokens,
                when=when,
                unknown=tuple(sorted(missing)),
            )
        yield from (replace(each, when={**when, **each.when}) for each in self.conditions)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    pricing = read_pricing(entry)
    base = _read_variant(pricing, "pricing.", PRICE_KEYS)
    images = without_repeats(list(_read_images(pricing)))
    of_any_size = [price for image in images if not image.when for price in image.prices]
    base.read = replace(base.read, prices=agreed([*base.read.prices, *of_any_size]))
    conditions = [
        *(
            RawCondition(tuple(base.above[tokens]), min_prompt_tokens=tokens)
            for tokens in sorted(base.above)
        ),
        *base.conditions,
        *(image for image in images if image.when),
        *_read_requested(pricing, base),
    ]
    read, conditions = _without_filling(base.read, pricing, conditions)
    if pricing.get(VARIES) and read.prices:
        conditions.append(RawCondition(read.prices, when={VARIES: True}))
    return RawModel(
        model_id=model_id,
        name=read_name(entry),
        prices=read.prices,
        conditions=tuple(each for each in conditions if each.prices or each.unknown),
        unknown=read.unknown,
    )


def _without_filling(
    read: ReadPrices, pricing: Mapping[str, object], conditions: list[RawCondition]
) -> tuple[ReadPrices, list[RawCondition]]:
    """The base prices and the conditions; beside another price, tokens at 0 are not free.

    Tiers of the same prices do not count: the first one may be free.
    """
    tokens = [price for price in read.prices if price.axis.dimension is Dimension.TOKEN]
    others = len(tokens) < len(read.prices)
    longer = [price for each in conditions if not each.when for price in each.prices]
    costs = any(price.amount for each in conditions if each.when for price in each.prices)
    if tokens and only_zeros([*tokens, *longer]) and (others or costs or pricing.get(VARIES)):
        read = as_unknown(read, *(price.axis for price in tokens))
        return read, [each for each in conditions if each.when]
    return read, conditions


def _read_variant(
    pricing: Mapping[str, object],
    path: str,
    keys: Mapping[str, tuple[Axis, Unit]] = TOKEN_KEYS,
) -> _Variant:
    """The prices of one object; InvalidEntry where a flat price and its first tier differ."""
    found = _Variant(read_prices(pricing, keys, path=path))
    found.has_unread = bool(not_understood(pricing, REQUESTED_KEYS))
    lowest: list[RawPrice] = []
    for key, tiers in _tiers(pricing, path):
        for at, (above, price, strange) in enumerate(_each_tier(f"{path}{key}", TIERS[key], tiers)):
            (found.above.setdefault(above, []) if at else lowest).append(price)
            if strange:
                tokens = above if at else None
                condition = RawCondition((price,), min_prompt_tokens=tokens, when=strange)
                found.conditions.append(condition)
    found.read = replace(found.read, prices=agreed([*found.read.prices, *lowest]))
    return found


def _read_requested(pricing: Mapping[str, object], base: _Variant) -> Iterator[RawCondition]:
    """The prices of requests that name a region or a service tier."""
    services = {
        name: _read_service(value, f"pricing.service_tiers.{name}.")
        for name, value in _objects(pricing, "service_tiers")
    }
    if pricing.get("fast") is not None:
        fast = read_object(pricing["fast"], "pricing.fast")
        services["fast"] = _read_service(fast, "pricing.fast.")
    regions = {
        name: (value, _read_variant(value, f"pricing.regional.{name}."))
        for name, value in _objects(pricing, "regional")
    }
    for name, service in services.items():
        yield from service.under({"service_tier": name}, base)
    for region, (value, variant) in regions.items():
        yield from variant.under({"region": region}, base)
        own = value.get("fast")
        for name, service in services.items():
            if name == "fast" and own is not None:
                continue
            axes = tuple({**variant.axes, **service.axes})
            both: dict[str, JsonValue] = {"region": region, "service_tier": name}
            yield RawCondition((), when=both, unknown=axes)
        if own is not None:
            path = f"pricing.regional.{region}.fast"
            there = _read_service(read_object(own, path), f"{path}.")
            yield from there.under({"region": region, "service_tier": "fast"}, base)


def _read_service(pricing: Mapping[str, object], path: str) -> _Variant:
    """The prices of a service tier; those of long prompts are in an object of their own."""
    found = _read_variant(pricing, path)
    if pricing.get(LONG) is not None:
        longer = read_object(pricing[LONG], f"{path}{LONG}")
        above = _tokens(longer, "threshold", f"{path}{LONG}")
        if above is None:
            raise InvalidEntry(f"{path}{LONG} has no threshold")
        prices = read_prices(longer, TOKEN_KEYS, path=f"{path}{LONG}.").prices
        found.above.setdefault(above, []).extend(prices)
        if not_understood(longer, (*TOKEN_KEYS, "threshold")):
            rest = without_base(
                RawCondition(tuple(prices)), (each.axis for each in found.read.prices)
            )
            found.conditions.append(replace(rest, prices=(), min_prompt_tokens=above))
    return found


def _read_images(pricing: Mapping[str, object]) -> Iterator[RawCondition]:
    """The price of an image by its size and quality; without either it is for every image."""
    value = pricing.get(IMAGES)
    items = [] if value is None else read_array(value, f"pricing.{IMAGES}")
    for position, item in enumerate(items):
        path = f"pricing.{IMAGES}[{position}]"
        image = read_object(item, path)
        price = read_price(f"{path}.cost", image.get("cost"), PRICE_KEYS["image"])
        if price is None:
            raise InvalidEntry(f"{path} has no cost")
        when: dict[str, JsonValue] = {}
        for key, name in IMAGE_KEYS.items():
            said = image.get(key)
            if said is not None and not isinstance(said, str):
                raise InvalidEntry(f"{path}.{key} is {shown(said)}")
            if said is not None and said != ANY_SIZE:
                when[name] = said
        yield RawCondition((price,), when={**when, **not_understood(image, ("cost", *IMAGE_KEYS))})


def _objects(pricing: Mapping[str, object], key: str) -> Iterator[tuple[str, dict[str, object]]]:
    value = pricing.get(key)
    if value is None:
        return
    for name, inner in read_object(value, f"pricing.{key}").items():
        if inner is not None:
            yield printable(name), read_object(inner, f"pricing.{key}.{name}")


def _tiers(
    pricing: Mapping[str, object], path: str
) -> Iterator[tuple[str, list[dict[str, object]]]]:
    for key, value in pricing.items():
        if key in TIERS and value is not None:
            tiers = enumerate(read_array(value, f"{path}{key}"))
            yield key, [read_object(tier, f"{path}{key}[{at}]") for at, tier in tiers]


def _each_tier(
    path: str, key: str, tiers: list[dict[str, object]]
) -> Iterator[tuple[int, RawPrice, dict[str, JsonValue]]]:
    """Each tier's number of prompt tokens above which it holds, its price, and strange keys."""
    end: int | None = 0
    for at, tier in enumerate(tiers):
        where = f"{path}[{at}]"
        start = _tokens(tier, "min", where) or 0
        if end is None or start not in {end, end - 1}:
            before = "has no end" if end is None else f"ends at {end}"
            raise InvalidEntry(f"{where} begins at {start}, and the one before {before}")
        start, end = end, _tokens(tier, "max", where)
        if end is not None and end <= start:
            raise InvalidEntry(f"{where} ends at {end}, where it begins or before")
        price = read_price(f"{where}.cost", tier.get("cost"), TOKEN_KEYS[key])
        if price is None:
            raise InvalidEntry(f"{where} has no cost")
        yield start - 1, price, not_understood(tier, TIER_KEYS)


def _tokens(tier: dict[str, object], key: str, where: str) -> int | None:
    value = tier.get(key)
    return None if value is None else read_prompt_tokens(value, f"{where}.{key}")


ADAPTER = Adapter(
    slug="vercel",
    name="Vercel AI Gateway",
    base_url="https://ai-gateway.vercel.sh",
    path="/v1/models",
    credential_variable=None,
    parse=parse,
    by_entry=True,
    evidence=Evidence.RECORDED,
    price_keys={f"pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
    note=(
        "*_tiers are half-open: from min on, below max. Prices of a region or a service tier are"
        " for requests that name it; where the price varies by provider, it is unknown. Those of"
        " videos, sessions and map searches are kept in extra and not read."
    ),
)
