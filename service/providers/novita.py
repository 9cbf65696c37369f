"""Novita AI: ``GET /v3/openai/models``, no key needed.

Prices are numbers in ten-thousandths of a USD per 1M tokens: 630 is $0.063. -1 is unknown. Newer
lists repeat them under ``pricing``, in the same unit (``price_per_m``) and as a string in USD per
1M tokens (``price_per_m_decimal``); all that are present must agree.

``tiered_billing_configs``, prices for long prompts, is kept and not applied: no source says whether
a bound belongs to the tier below or above it. A model with tiers may have 0 outside of them, so its
0 is unknown. The Chinese twin of this service (PPIO) uses the same keys for CNY. Source: a recorded
list; for ``pricing`` and the tiers, other clients and their tests.
"""

from __future__ import annotations

from service.prices.price_list import PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import agreed, read_prices, read_pricing, zeros_as_unknown
from service.reading.wire import RepeatedKeys, read_object

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
PRICE_WORDS = ("price", "pricing", "billing")


def parse(body: bytes) -> PriceList:
    """Every model of a list; one whose publications disagree is skipped."""
    return read_models(body, _read_model)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    published = _published(entry)
    read = read_prices(published, PRICE_KEYS, known={ARE_THERE_TIERS}, dynamic=UNKNOWN)
    prices = agreed(read.prices)
    if TIERS in published or entry.get(ARE_THERE_TIERS) is True:
        read = zeros_as_unknown(read)
        prices = tuple(price for price in prices if price.amount)
    return RawModel(
        model_id=model_id,
        name=read_name(entry, "display_name") or read_name(entry, "title"),
        prices=prices,
        unknown=read.unknown,
        extra=read.extra,
        unknown_keys=read.unknown_keys,
    )


def _published(entry: dict[str, object]) -> dict[str, object]:
    """The values of an entry that are or may be prices, by path; empty ones are left out."""
    found: dict[str, object] = {}
    for key, value in entry.items():
        if key != "pricing" and any(word in key for word in PRICE_WORDS):
            found[key] = value
    for key, value in read_pricing(entry).items():
        path = f"pricing.{key}"
        if key in _NESTED and isinstance(value, dict | RepeatedKeys):
            inner = read_object(value, path)
            found |= {f"{path}.{name}": price for name, price in inner.items()}
        else:
            found[path] = value
    return {path: value for path, value in found.items() if value not in (None, [], {})}


ADAPTER = Adapter(
    slug="novita",
    name="Novita AI",
    base_url="https://api.novita.ai",
    path="/v3/openai/models",
    credential_variable=None,
    parse=parse,
    evidence=Evidence.RECORDED,
    price_keys=PRICE_KEYS,
    note=(
        "630 is $0.063 per 1M tokens: the numbers are ten-thousandths of a USD. -1, and 0 beside"
        " tiers, are unknown; the tiers are kept and not applied."
    ),
)
