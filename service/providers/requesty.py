"""Requesty: ``GET /v1/models`` of the router, no key needed.

Prices are among the other keys of an entry, as JSON numbers in USD per token, in scientific
notation. ``pricing`` repeats them in tiers, each for prompts of more tokens than its
``prompt_tokens_threshold``; the tier from 0 on must say the same as the flat prices.

An entry always has all four keys, so 0 may also mean that there is no price: a 0 for the cache is
unknown unless ``supports_caching`` is true, and so is a model with only zeros, unless its tier from
0 on says 0 as well.
"""

from __future__ import annotations

from dataclasses import replace

from service.prices.price_list import PriceList, RawCondition, RawModel
from service.prices.units import Axis, RawPrice, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.entry_digests import EntryDigests
from service.reading.known_keys import KnownKeys
from service.reading.model_list import MAX_CONDITIONS, read_models, read_name
from service.reading.not_understood import not_understood
from service.reading.price_keys import (
    ReadPrices,
    agreed,
    as_unknown,
    only_zeros,
    read_prices,
    zeros_as_unknown,
)
from service.reading.price_tiers import read_prompt_tokens, without_base, without_repeats
from service.reading.wire import InvalidEntry, read_array, read_object

PRICE_KEYS = {
    "input_price": (Axis.INPUT, Unit.USD_PER_TOKEN),
    "output_price": (Axis.OUTPUT, Unit.USD_PER_TOKEN),
    # Easily confused: caching_price is for writing, cached_price for reading.
    "caching_price": (Axis.CACHE_WRITE, Unit.USD_PER_TOKEN),
    "cached_price": (Axis.CACHE_READ, Unit.USD_PER_TOKEN),
}
CACHE = (Axis.CACHE_WRITE, Axis.CACHE_READ)
THRESHOLD = "prompt_tokens_threshold"
KNOWN = KnownKeys.of(
    PRICE_KEYS,
    (f"pricing[].{key}" for key in (*PRICE_KEYS, THRESHOLD)),
)


def parse(body: bytes, digests: EntryDigests | None = None) -> PriceList:
    """Every model of a list, those without a price included."""
    return read_models(body, _read_model, KNOWN, digests=digests)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    flat = read_prices(entry, PRICE_KEYS)
    tiers = _read_tiers(entry.get("pricing"))
    lowest = [
        price
        for tier in tiers
        if tier.min_prompt_tokens == 0 and not tier.when
        for price in tier.prices
    ]
    read = _without_filling(flat, lowest, supports_caching=entry.get("supports_caching") is True)
    base = [price.axis for price in read.prices]
    # Only keys that are not understood: the price is among them.
    tiers = [without_base(tier, base) if tier.when and not tier.prices else tier for tier in tiers]
    return RawModel(
        model_id,
        name=read_name(entry),
        prices=read.prices,
        conditions=tuple(
            replace(tier, min_prompt_tokens=tier.min_prompt_tokens or None)
            for tier in tiers
            if (tier.min_prompt_tokens or tier.when) and (tier.prices or tier.unknown)
        ),
        unknown=read.unknown,
    )


def _read_tiers(value: object) -> list[RawCondition]:
    """The tiers, lowest first, each from its threshold on; the one from 0 on is the base."""
    if value in (None, {}):
        return []
    items = read_array(value, "pricing")
    if len(items) > MAX_CONDITIONS:
        raise InvalidEntry(f"it has {len(items):,} tiers, more than {MAX_CONDITIONS}")
    tiers = []
    for position, item in enumerate(items):
        path = f"pricing[{position}]"
        tier = read_object(item, path)
        above = read_prompt_tokens(tier.get(THRESHOLD), f"{path}.{THRESHOLD}")
        tiers.append(
            RawCondition(
                read_prices(tier, PRICE_KEYS, path=f"{path}.").prices,
                min_prompt_tokens=above,
                when=not_understood(tier, {*PRICE_KEYS, THRESHOLD}),
            )
        )
    return sorted(without_repeats(tiers), key=lambda tier: tier.min_prompt_tokens or 0)


def _without_filling(
    flat: ReadPrices, lowest: list[RawPrice], *, supports_caching: bool
) -> ReadPrices:
    """The flat prices and those of the lowest tier, which must agree; a flat 0 may fill a field.

    Zeros only are free where the lowest tier says so once more.
    """
    priced = {price.axis for price in lowest if price.amount}
    filling = {price.axis for price in flat.prices if not price.amount} & priced
    read = as_unknown(flat, *filling) if filling else flat
    read = replace(read, prices=agreed([*read.prices, *lowest]))
    if only_zeros(read.prices) and not lowest:
        return as_unknown(read)
    return read if supports_caching else zeros_as_unknown(read, *CACHE)


ADAPTER = Adapter(
    slug="requesty",
    name="Requesty",
    base_url="https://router.requesty.ai",
    path="/v1/models",
    credential_variable=None,
    parse=parse,
    by_entry=True,
    evidence=Evidence.RECORDED,
    price_keys=PRICE_KEYS,
    note=(
        "caching_price is for writing to the cache, cached_price for reading from it. 0 is unknown"
        " for a model with zeros only and no tier from 0 on, and for the cache where"
        " supports_caching is not true. pricing has tiers by prompt_tokens_threshold."
    ),
)
