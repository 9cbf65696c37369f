"""AiHubMix: ``GET /api/v1/models``, no key needed.

Prices are numbers, read as USD per 1M tokens. The API reference says per 1K, and its own example
(1.25 and 10 for a model that costs $1.25 and $10 per 1M everywhere else) says per 1M, as do the
clients that use the list. A person accepts the first list, and the comparison with the catalogue
holds prices that are a power of ten away.

A model's id is under ``model_id``; entries with only an ``id`` belong to another list and are
skipped. 0 is confirmed free for the types of model that are charged by token; else it is unknown.
Source: the API reference and other clients; never seen on the wire.
"""

from __future__ import annotations

from service.prices.price_list import PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.entry_digests import EntryDigests
from service.reading.known_keys import KnownKeys
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import as_unknown, only_zeros, read_prices, read_pricing
from service.reading.sold_as import Kind

PRICE_KEYS = {
    "input": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "output": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
    "cache_read": (Axis.CACHE_READ, Unit.USD_PER_1M_TOKENS),
    "cache_write": (Axis.CACHE_WRITE, Unit.USD_PER_1M_TOKENS),
}
KNOWN = KnownKeys.of(f"pricing.{key}" for key in PRICE_KEYS)
CHARGED_BY_TOKEN = {"llm", "embedding", "rerank"}
BY_TOKEN = frozenset({Kind.EMBEDDING, Kind.RERANK})


def parse(body: bytes, digests: EntryDigests | None = None) -> PriceList:
    """Every model of a list, those without a price included."""
    return read_models(
        body, _read_model, KNOWN, id_key="model_id", by_token=BY_TOKEN, digests=digests
    )


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    read = read_prices(read_pricing(entry), PRICE_KEYS, path="pricing.")
    if only_zeros(read.prices) and not _is_charged_by_token(entry.get("types")):
        read = as_unknown(read)
    return read.as_model(model_id, read_name(entry))


def _is_charged_by_token(types: object) -> bool:
    """``types`` is a comma-separated list of words."""
    return isinstance(types, str) and {kind.strip() for kind in types.split(",")} <= (
        CHARGED_BY_TOKEN
    )


ADAPTER = Adapter(
    slug="aihubmix",
    name="AiHubMix",
    base_url="https://aihubmix.com",
    path="/api/v1/models",
    credential_variable=None,
    parse=parse,
    by_entry=True,
    evidence=Evidence.UNCONFIRMED,
    price_keys={f"pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
    note=(
        "The reference says USD per 1K tokens, its own example can only be per 1M: read as per 1M,"
        " and the first list waits for a person."
    ),
)
