"""Nebius Token Factory: ``GET /v1/models?verbose=true``, with a key.

Prices are strings in USD per token. Without ``verbose=true`` the same models come without prices,
so a list without any ``pricing`` is refused: all prices would become unknown. ``created`` is the
time of the request. Source: a recorded list without prices; for the prices, the provider's API
reference and other clients.
"""

from __future__ import annotations

from service.errors import ParseError
from service.prices.price_list import PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.known_keys import KnownKeys
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import read_prices, read_pricing

PRICE_KEYS = {
    "prompt": (Axis.INPUT, Unit.USD_PER_TOKEN),
    "completion": (Axis.OUTPUT, Unit.USD_PER_TOKEN),
}
KNOWN = KnownKeys.of(f"pricing.{key}" for key in PRICE_KEYS)


def parse(body: bytes) -> PriceList:
    """Every model of a list; ParseError if none has ``pricing``."""
    has_pricing: list[str] = []

    def read_model(model_id: str, entry: dict[str, object]) -> RawModel:
        if entry.get("pricing") is not None:
            has_pricing.append(model_id)
        return _read_model(model_id, entry)

    listed = read_models(body, read_model, KNOWN)
    if not has_pricing:
        raise ParseError(
            f"None of the {len(listed.models)} models has pricing: this is the list without"
            " verbose=true."
        )
    return listed


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    read = read_prices(read_pricing(entry), PRICE_KEYS, path="pricing.")
    return read.as_model(model_id, read_name(entry))


ADAPTER = Adapter(
    slug="nebius",
    name="Nebius Token Factory",
    base_url="https://api.tokenfactory.nebius.com",
    path="/v1/models?verbose=true",
    credential_variable="NEBIUS_API_KEY",
    parse=parse,
    evidence=Evidence.DERIVED,
    price_keys={f"pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
    note="Without verbose=true the list has no prices at all; such a list is refused.",
)
