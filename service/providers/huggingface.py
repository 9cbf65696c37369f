"""Hugging Face Inference Providers: ``GET /v1/models`` of the router, no key needed.

One entry is a model with each provider that serves it, at prices of their own: each becomes a model
``<model>:<provider>``, as requests name it.

Prices are JSON numbers in USD per 1M tokens, and optional. Prices of 0 with ``is_free`` false mean
that the router knows no price; only ``is_free`` means free. ``status`` is that of the service and
is ignored: a provider that is down for an hour keeps its price, and does not look like a removed
model.
"""

from __future__ import annotations

from service.prices.price_list import PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.known_keys import KnownKeys
from service.reading.model_id import read_id
from service.reading.model_list import Split, read_models
from service.reading.price_keys import as_unknown, only_zeros, read_prices, read_pricing
from service.reading.wire import InvalidEntry, read_array, read_object, shown

PRICE_KEYS = {
    "input": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "output": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
}
KNOWN = KnownKeys.of(f"providers[].pricing.{key}" for key in PRICE_KEYS)


def parse(body: bytes) -> PriceList:
    """Every model of a list at each provider that serves it, those without a price included."""
    return read_models(body, _read_offer, KNOWN, split=Split("providers", _offers))


def _offers(
    model_id: str, entry: dict[str, object]
) -> list[tuple[str, dict[str, object] | InvalidEntry]]:
    offers: list[tuple[str, dict[str, object] | InvalidEntry]] = []
    for position, value in enumerate(read_array(entry.get("providers"), "providers"), start=1):
        label = f"{model_id}, provider {position}"
        try:
            offer = read_object(value, "the provider")
            name = offer.get("provider")
            if not isinstance(name, str) or not name.strip():
                raise InvalidEntry(f"its provider is {shown(name)}")
            offers.append((read_id(f"{model_id}:{name}"), offer))
        except InvalidEntry as invalid:
            offers.append((label, invalid))
    return offers


def _read_offer(model_id: str, offer: dict[str, object]) -> RawModel:
    read = read_prices(read_pricing(offer), PRICE_KEYS, path="pricing.")
    is_free = _is_free(offer)
    if is_free and any(price.amount for price in read.prices):
        raise InvalidEntry("is_free is true, but it has a price")
    if not is_free and only_zeros(read.prices):
        read = as_unknown(read)
    return read.as_model(model_id, None)


def _is_free(offer: dict[str, object]) -> bool:
    value = offer.get("is_free")
    if value is not None and not isinstance(value, bool):
        raise InvalidEntry(f"is_free is {shown(value)}, neither true nor false")
    return value is True


ADAPTER = Adapter(
    slug="huggingface",
    name="Hugging Face Inference Providers",
    base_url="https://router.huggingface.co",
    path="/v1/models",
    credential_variable=None,
    parse=parse,
    evidence=Evidence.RECORDED,
    price_keys={f"providers[].pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
    note=(
        "One model for each that serves it, <model>:<provider>. 0 and 0 are unknown unless is_free"
        " is true."
    ),
)
