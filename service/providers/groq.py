"""Groq: ``GET /openai/v1/models``, with a key.

The list has no prices: the provider publishes them only on a web page. The models come from this
list, their prices from the catalogue. Source: the provider's API reference.
"""

from __future__ import annotations

from service.prices.price_list import PriceList, RawModel
from service.providers.adapter import Adapter, Evidence
from service.reading.known_keys import KnownKeys
from service.reading.model_list import read_models, read_name


def parse(body: bytes) -> PriceList:
    """Every model of a list, none with a price."""
    return read_models(body, _read_model, KnownKeys())


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    return RawModel(model_id, name=read_name(entry))


ADAPTER = Adapter(
    slug="groq",
    name="Groq",
    base_url="https://api.groq.com",
    path="/openai/v1/models",
    credential_variable="GROQ_API_KEY",
    parse=parse,
    evidence=Evidence.DOCUMENTED,
    price_api=False,
    note="The list has no prices; the catalogue has them, by exact ids.",
)
