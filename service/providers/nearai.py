"""NEAR AI: ``GET /v1/models``, no key needed.

One object has each price twice: as a string in USD per token (``prompt``, ``completion``), which is
exact and used, and as a number in USD per 1M tokens (``input``, ``output``), which must agree.
Without ``input_cache_read`` the cache has no price. ``textPricing`` has prices of service tiers and
of prompts that are longer than a threshold, as strings in USD per 1M tokens; where its form is not
understood, all prices become unknown. Source: the server's source code (nearai/cloud-api); never
seen on the wire.
"""

from __future__ import annotations

from pydantic import JsonValue

from service.prices.price_list import PriceList, RawCondition, RawModel
from service.prices.units import Axis, RawPrice, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.currency_and_unit import read_size, require_dollars
from service.reading.entry_digests import EntryDigests
from service.reading.known_keys import KnownKeys
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import agreed, read_prices, read_pricing
from service.reading.wire import (
    InvalidEntry,
    Number,
    read_object,
    read_whole_number,
    shown,
    verbatim,
)

PRICE_KEYS = {
    "pricing.prompt": (Axis.INPUT, Unit.USD_PER_TOKEN),
    "pricing.completion": (Axis.OUTPUT, Unit.USD_PER_TOKEN),
    "pricing.input_cache_read": (Axis.CACHE_READ, Unit.USD_PER_TOKEN),
    "pricing.image": (Axis.IMAGE, Unit.USD_PER_IMAGE),
    "pricing.request": (Axis.REQUEST, Unit.USD_PER_REQUEST),
    "pricing.input": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "pricing.output": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
}


PROFILE = "textPricing"
PROFILE_KEYS = {
    "uncachedInput": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "cachedInput": (Axis.CACHE_READ, Unit.USD_PER_1M_TOKENS),
    "cacheWrite": (Axis.CACHE_WRITE, Unit.USD_PER_1M_TOKENS),
    "output": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
}
# A request for "fast" is charged as "priority".
SERVICE_TIERS = {"default": (), "flex": ("flex",), "priority": ("priority", "fast")}
KNOWN = KnownKeys.of(
    PRICE_KEYS,
    (
        f"{PROFILE}.{key}"
        for key in ("version", "currency", "unit", "longContextThreshold", "tiers")
    ),
)


def parse(body: bytes, digests: EntryDigests | None = None) -> PriceList:
    """Every model of a list; one whose two publications disagree is skipped."""
    return read_models(body, _read_model, KNOWN, digests=digests)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    published = {f"pricing.{key}": value for key, value in read_pricing(entry).items()}
    read = read_prices(published, PRICE_KEYS)
    exact_first = sorted(read.prices, key=lambda price: price.unit is Unit.USD_PER_1M_TOKENS)
    prices = agreed(exact_first)
    profile = entry.get(PROFILE)
    conditions: list[RawCondition] = []
    extra: dict[str, JsonValue] = {}
    if profile is not None:
        _require_dollars_per_1m(profile)
        try:
            lowest, conditions = _read_profile(read_object(profile, PROFILE))
        except InvalidEntry:
            # Some requests cost something else, and it is not understood which.
            extra = {PROFILE: verbatim(profile)}
            conditions = [RawCondition(prices, when=extra)] if prices else []
        else:
            prices = agreed([*prices, *lowest])
    return RawModel(
        model_id=model_id,
        name=read_name(entry),
        prices=prices,
        conditions=tuple(conditions),
        unknown=read.unknown,
        extra=extra,
        unknown_keys=frozenset(extra),
    )


def _require_dollars_per_1m(profile: object) -> None:
    if not isinstance(profile, dict):
        return
    require_dollars([(f"{PROFILE}.currency", profile.get("currency"))])
    size = read_size(unit := profile.get("unit"))
    if unit is not None and (size is None or not size.is_that_of(Unit.USD_PER_1M_TOKENS)):
        raise InvalidEntry(f"{PROFILE}.unit is {shown(unit)}, not million_tokens")


def _read_profile(
    profile: dict[str, object],
) -> tuple[tuple[RawPrice, ...], list[RawCondition]]:
    """The base prices, and those of service tiers and long prompts.

    A tier without prices for long prompts has none there: the server then charges more than any
    price that it publishes.
    """
    tiers = read_object(profile.get("tiers"), f"{PROFILE}.tiers")
    if profile.get("version") != Number("1") or not {"default"} <= tiers.keys() <= {*SERVICE_TIERS}:
        raise InvalidEntry(f"this {PROFILE} is not understood")
    above = profile.get("longContextThreshold")
    threshold = None if above is None else read_whole_number(above, largest=10**9)
    base: tuple[RawPrice, ...] = ()
    conditions = []
    # The default first: the tiers that a request names win over it.
    for name in SERVICE_TIERS:
        bands = {} if name not in tiers else read_object(tiers[name], f"{PROFILE}.tiers.{name}")
        if not bands.keys() <= {"short", "long"} or ("long" in bands and threshold is None):
            raise InvalidEntry(f"{PROFILE}.tiers.{name} is not understood")
        short = _read_rates(bands.get("short"), f"{PROFILE}.tiers.{name}.short.")
        long = _read_rates(bands.get("long"), f"{PROFILE}.tiers.{name}.long.")
        if name == "default":
            base = short
        missing = () if long or threshold is None else tuple(price.axis for price in short)
        for when in [{"service_tier": said} for said in SERVICE_TIERS[name]] or [{}]:
            if when and short:
                conditions.append(RawCondition(short, when=when))
            if long or missing:
                conditions.append(
                    RawCondition(long, min_prompt_tokens=threshold, when=when, unknown=missing)
                )
    return base, conditions


def _read_rates(value: object, path: str) -> tuple[RawPrice, ...]:
    if value is None:
        return ()
    rates = read_object(value, path)
    if not rates.keys() <= PROFILE_KEYS.keys():
        raise InvalidEntry(f"{path} is not understood")
    return read_prices(rates, PROFILE_KEYS, path=path).prices


ADAPTER = Adapter(
    slug="nearai",
    name="NEAR AI",
    base_url="https://cloud-api.near.ai",
    path="/v1/models",
    credential_variable=None,
    parse=parse,
    by_entry=True,
    evidence=Evidence.DOCUMENTED,
    price_keys=PRICE_KEYS,
    note=(
        "Strings per token and numbers per 1M tokens stand in one object; they must agree, or the"
        " model is skipped. The host api.near.ai is an old one."
    ),
)
