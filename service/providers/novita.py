"""Novita AI: ``GET /v3/openai/models``, no key needed.

Prices are numbers in ten-thousandths of a USD per 1M tokens: 630 is $0.063. -1 is unknown. Newer
lists repeat them under ``pricing``, in the same unit (``price_per_m``) and as a string in USD per
1M tokens (``price_per_m_decimal``); all that are present must agree.

``tiered_billing_configs`` has prices by the length of the prompt; ``min_tokens`` belongs to its
tier, ``max_tokens`` is the next one's. A model with tiers may have 0 outside of them, so its flat 0
is unknown; a flat price must agree with the lowest tier. The Chinese twin of this service (PPIO)
uses the same keys for CNY. Source: a recorded list; for ``pricing`` and the tiers, other clients
and their tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from service.prices.price_list import PriceList, RawCondition, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.entry_digests import EntryDigests
from service.reading.known_keys import KnownKeys
from service.reading.model_list import MAX_CONDITIONS, read_models, read_name
from service.reading.not_understood import not_understood
from service.reading.price_keys import agreed, read_prices, read_pricing, zeros_as_unknown
from service.reading.price_tiers import read_prompt_tokens, without_base, without_repeats
from service.reading.sold_as import Kind
from service.reading.wire import (
    InvalidEntry,
    Number,
    RepeatedKeys,
    read_array,
    read_object,
)

UNKNOWN = -1

_NESTED = {
    "prompt": Axis.INPUT,
    "completion": Axis.OUTPUT,
    "input_cache_read": Axis.CACHE_READ,
    "input_cache_write": Axis.CACHE_WRITE,
}
_SAME_UNIT = {
    "input_token_price_per_m": Axis.INPUT,
    "output_token_price_per_m": Axis.OUTPUT,
    **{f"pricing.{key}.price_per_m": axis for key, axis in _NESTED.items()},
}
PRICE_KEYS = {
    **{key: (axis, Unit.TEN_THOUSANDTHS_USD_PER_1M_TOKENS) for key, axis in _SAME_UNIT.items()},
    **{
        f"pricing.{key}.price_per_m_decimal": (axis, Unit.USD_PER_1M_TOKENS)
        for key, axis in _NESTED.items()
    },
}
TIERS = "tiered_billing_configs"
ARE_THERE_TIERS = "is_tiered_billing"
NO_TIERS = (None, False, "", "false", Number("0"))
_TIER_KEYS = ("min_tokens", "max_tokens", "pricing")
_NESTED_KEYS = [path for path in PRICE_KEYS if path.startswith("pricing.")]
KNOWN = KnownKeys.of(
    PRICE_KEYS,
    (f"{TIERS}[].{key}" for key in ("min_tokens", "max_tokens", *_NESTED_KEYS)),
    ARE_THERE_TIERS,
)
# The keys say that the numbers are for tokens.
BY_TOKEN = frozenset({Kind.EMBEDDING, Kind.RERANK})


def parse(body: bytes, digests: EntryDigests | None = None) -> PriceList:
    """Every model of a list; one whose publications disagree is skipped."""
    return read_models(body, _read_model, KNOWN, by_token=BY_TOKEN, digests=digests)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    read = read_prices(_published(entry), PRICE_KEYS, dynamic=UNKNOWN)
    tiers = _read_tiers(entry)
    says_tiers = entry.get(ARE_THERE_TIERS) not in NO_TIERS
    if tiers or says_tiers:
        read = zeros_as_unknown(read)
    lowest = [
        price
        for tier in tiers
        if not tier.condition.min_prompt_tokens and not tier.condition.when
        for price in tier.condition.prices
    ]
    prices = agreed([*read.prices, *lowest])
    base = [price.axis for price in prices]
    conditions = without_repeats(
        [
            without_base(tier.condition, base) if tier.has_unread else tier.condition
            for tier in tiers
            if tier.condition.min_prompt_tokens or tier.condition.when
        ]
    )
    if not tiers and says_tiers and prices:
        # Prices that hold for some prompts only, and the list does not say for which.
        conditions.append(RawCondition(prices, when={ARE_THERE_TIERS: True}))
    return RawModel(
        model_id=model_id,
        name=read_name(entry, "display_name") or read_name(entry, "title"),
        prices=prices,
        conditions=tuple(conditions),
        unknown=read.unknown,
    )


def _published(entry: Mapping[str, object], path: str = "") -> dict[str, object]:
    """The values of an entry or a tier by path, those of ``pricing.prompt`` and so on included."""
    found = dict(entry)
    for key, value in read_pricing(entry).items():
        if key in _NESTED and isinstance(value, dict | RepeatedKeys):
            inner = read_object(value, f"{path}pricing.{key}")
            found |= {f"pricing.{key}.{name}": price for name, price in inner.items()}
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}


@dataclass(frozen=True, slots=True)
class _Tier:
    """``start`` is its first number of tokens, ``stop`` the next tier's if it says it."""

    start: int
    stop: int | None
    condition: RawCondition
    has_unread: bool


def _read_tiers(entry: Mapping[str, object]) -> list[_Tier]:
    """The tiers, lowest first; that of the shortest prompts has no ``min_prompt_tokens``."""
    value = entry.get(TIERS)
    if value in (None, {}):
        return []
    items = read_array(value, TIERS)
    if len(items) > MAX_CONDITIONS:
        raise InvalidEntry(f"it has {len(items):,} tiers, more than {MAX_CONDITIONS}")
    tiers = [_read_tier(item, f"{TIERS}[{at}]") for at, item in enumerate(items)]
    tiers.sort(key=lambda tier: tier.start)
    for before, after in pairwise(tiers):
        if before.stop is not None and after.start not in {before.stop, before.stop + 1}:
            raise InvalidEntry(f"its tiers leave a gap or overlap at {after.start} tokens")
    return tiers


def _read_tier(item: object, path: str) -> _Tier:
    tier = read_object(item, path)
    start = read_prompt_tokens(tier.get("min_tokens"), f"{path}.min_tokens")
    end = tier.get("max_tokens")
    stop = None if end is None else read_prompt_tokens(end, f"{path}.max_tokens")
    read = read_prices(_published(tier, f"{path}."), PRICE_KEYS, path=f"{path}.", dynamic=UNKNOWN)
    condition = RawCondition(
        agreed(read.prices),
        # The bound belongs to the tier; ours is the number of tokens that must be exceeded.
        min_prompt_tokens=start - 1 if start > 1 else None,
        when=not_understood(tier, _TIER_KEYS),
        unknown=tuple({PRICE_KEYS[key.removeprefix(f"{path}.")][0] for key in read.unknown}),
    )
    priced = {*(price.axis for price in condition.prices), *condition.unknown}
    said = {} if tier.get("pricing") is None else not_understood(read_pricing(tier), ())
    is_priced = bool(priced) and len(said) <= len(priced)
    return _Tier(start, stop, condition, has_unread=not is_priced)


ADAPTER = Adapter(
    slug="novita",
    name="Novita AI",
    base_url="https://api.novita.ai",
    path="/v3/openai/models",
    credential_variable=None,
    parse=parse,
    by_entry=True,
    evidence=Evidence.RECORDED,
    price_keys=PRICE_KEYS,
    note=(
        "630 is $0.063 per 1M tokens: the numbers are ten-thousandths of a USD. -1, and a flat 0"
        " beside tiers, are unknown. tiered_billing_configs: from min_tokens on."
    ),
)
