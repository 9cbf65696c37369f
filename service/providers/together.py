"""Together AI: ``GET /v1/models``, with a key.

The body is the array itself, without an object around it. Prices are numbers in USD per 1M tokens;
``hourly``, ``base`` and ``finetune`` do not price tokens.

Each field that does not apply is 0. So 0 is confirmed free only for types of model that are charged
by token, and only if nothing else in ``pricing`` costs anything: a dedicated model has 0 for its
tokens and a price by the hour, and images are charged by the image. Nor is it where ``running`` is
false, unless the id or the name has the word "free": most of such models are not served without an
endpoint of one's own. Otherwise zeros are unknown.
Source: the provider's API reference and its published OpenAPI document
(togethercomputer/openapi); never seen on the wire.
"""

from __future__ import annotations

from collections.abc import Mapping

from service.prices.price_list import PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.entry_digests import EntryDigests
from service.reading.known_keys import KnownKeys
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import as_unknown, only_zeros, read_prices, read_pricing
from service.reading.said_free import says_free
from service.reading.sold_as import Kind
from service.reading.wire import InvalidEntry, read_amount

PRICE_KEYS = {
    "input": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "output": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
    "cached_input": (Axis.CACHE_READ, Unit.USD_PER_1M_TOKENS),
}
NOT_FOR_TOKENS = ("hourly", "base", "finetune")
KNOWN = KnownKeys.of(f"pricing.{key}" for key in (*PRICE_KEYS, *NOT_FOR_TOKENS))
CHARGED_BY_TOKEN = {"chat", "language", "code", "embedding", "moderation", "rerank"}
BY_TOKEN = frozenset({Kind.EMBEDDING, Kind.RERANK})


def parse(body: bytes, digests: EntryDigests | None = None) -> PriceList:
    """Every model of a list, dedicated ones included; these have no price for tokens."""
    return read_models(body, _read_model, KNOWN, at=(), by_token=BY_TOKEN, digests=digests)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    pricing = read_pricing(entry)
    read = read_prices(pricing, PRICE_KEYS, path="pricing.")
    name = read_name(entry, "display_name")
    costs_otherwise = _costs_otherwise(pricing)
    is_not_served = entry.get("running") is False and not says_free(model_id, name, entry)
    if only_zeros(read.prices) and (
        costs_otherwise or is_not_served or entry.get("type") not in CHARGED_BY_TOKEN
    ):
        read = as_unknown(read)
    return read.as_model(model_id, name)


def _costs_otherwise(pricing: Mapping[str, object]) -> bool:
    amounts = []
    for key in NOT_FOR_TOKENS:
        try:
            amounts.append(read_amount(pricing.get(key)))
        except InvalidEntry as invalid:
            raise InvalidEntry(f"pricing.{key}: {invalid}") from None
    return any(amounts)


ADAPTER = Adapter(
    slug="together",
    name="Together AI",
    base_url="https://api.together.xyz",
    path="/v1/models",
    credential_variable="TOGETHER_API_KEY",
    parse=parse,
    by_entry=True,
    evidence=Evidence.DOCUMENTED,
    price_keys={f"pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
    note=(
        "The answer is a bare array. 0 for input and output is unknown and not free beside a price"
        " by the hour, for a model that is not charged by token, and for one with running false"
        " that is not called free."
    ),
)
