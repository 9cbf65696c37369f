"""DeepInfra: ``GET /v1/openai/models``, no key needed.

Prices are JSON numbers in USD per 1M tokens, with errors of binary floating point. A model whose
``metadata`` is null (images, speech, embeddings) has no price in this list: unknown, not free.
"""

from __future__ import annotations

from service.prices.price_list import PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.entry_digests import EntryDigests
from service.reading.known_keys import KnownKeys
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import read_prices, read_pricing
from service.reading.sold_as import Kind
from service.reading.wire import read_object

PRICE_KEYS = {
    "input_tokens": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "output_tokens": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
    "cache_read_tokens": (Axis.CACHE_READ, Unit.USD_PER_1M_TOKENS),
    "cache_write_tokens": (Axis.CACHE_WRITE, Unit.USD_PER_1M_TOKENS),
}
KNOWN = KnownKeys.of(f"metadata.pricing.{key}" for key in PRICE_KEYS)
# The keys say that the numbers are for tokens.
BY_TOKEN = frozenset({Kind.EMBEDDING, Kind.RERANK})


def parse(body: bytes, digests: EntryDigests | None = None) -> PriceList:
    """Every model of a list, those without a price included."""
    return read_models(body, _read_model, KNOWN, by_token=BY_TOKEN, digests=digests)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    read = read_prices(_read_metadata_pricing(entry), PRICE_KEYS)
    return read.as_model(model_id, read_name(entry))


def _read_metadata_pricing(entry: dict[str, object]) -> dict[str, object]:
    pricing = read_pricing(entry, "metadata").get("pricing")
    return {} if pricing is None else read_object(pricing, "metadata.pricing")


ADAPTER = Adapter(
    slug="deepinfra",
    name="DeepInfra",
    base_url="https://api.deepinfra.com",
    path="/v1/openai/models",
    credential_variable=None,
    parse=parse,
    by_entry=True,
    evidence=Evidence.RECORDED,
    price_keys={f"metadata.pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
    note=(
        "Numbers carry the noise of binary floating point; a model whose metadata is null has no"
        " price here, which is not free."
    ),
)
