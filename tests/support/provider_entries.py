"""One model of the catalogue as each provider would publish it: an entry of its list.

Keys and units come from the providers' documents, not from the adapters, so that an adapter that
reads a wrong unit fails here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from service.prices.price_list import RawModel
from service.prices.units import Axis, RawPrice, plain, to_canonical

Entry = dict[str, Any]
Keys = Mapping[str, Axis]
Amounts = Mapping[Axis, Decimal]

TOKENS = 1_000_000
CREATED = 1_790_000_000

OPENROUTER_KEYS = {
    "prompt": Axis.INPUT,
    "completion": Axis.OUTPUT,
    "input_cache_read": Axis.CACHE_READ,
    "input_cache_write": Axis.CACHE_WRITE,
    "input_cache_write_1h": Axis.CACHE_WRITE_1H,
    "internal_reasoning": Axis.REASONING,
    "audio": Axis.INPUT_AUDIO,
    "audio_output": Axis.OUTPUT_AUDIO,
    "input_audio_cache": Axis.CACHE_READ_AUDIO,
    "image_token": Axis.INPUT_IMAGE,
    "image_output": Axis.OUTPUT_IMAGE,
    "image": Axis.IMAGE,
    "request": Axis.REQUEST,
    "web_search": Axis.WEB_SEARCH,
}
DEEPINFRA_KEYS = {
    "input_tokens": Axis.INPUT,
    "output_tokens": Axis.OUTPUT,
    "cache_read_tokens": Axis.CACHE_READ,
    "cache_write_tokens": Axis.CACHE_WRITE,
}
TWO_STRINGS = {"prompt": Axis.INPUT, "completion": Axis.OUTPUT}
TWO_NUMBERS = {"input": Axis.INPUT, "output": Axis.OUTPUT}
CHUTES_KEYS = TWO_STRINGS | {"input_cache_read": Axis.CACHE_READ}
CHUTES_KEYS_AGAIN = TWO_NUMBERS | {"input_cache_read": Axis.CACHE_READ}
TOGETHER_KEYS = TWO_NUMBERS | {"cached_input": Axis.CACHE_READ}
AIHUBMIX_KEYS = TWO_NUMBERS | {"cache_read": Axis.CACHE_READ, "cache_write": Axis.CACHE_WRITE}
NOVITA_KEYS = {"input_token_price_per_m": Axis.INPUT, "output_token_price_per_m": Axis.OUTPUT}
VERCEL_KEYS = TWO_NUMBERS | {
    "input_cache_read": Axis.CACHE_READ,
    "input_cache_write": Axis.CACHE_WRITE,
}
# One price is for writing and one for reading; the names hardly say which.
REQUESTY_KEYS = {
    "input_price": Axis.INPUT,
    "caching_price": Axis.CACHE_WRITE,
    "cached_price": Axis.CACHE_READ,
    "output_price": Axis.OUTPUT,
}
OVHCLOUD_KEYS = TWO_STRINGS | {
    "input_cache_reads": Axis.CACHE_READ,
    "input_cache_writes": Axis.CACHE_WRITE,
}
ALIBABA_TYPES = {
    "input_token": Axis.INPUT,
    "output_token": Axis.OUTPUT,
    "input_token_cache": Axis.CACHE_READ,
    "input_token_cache_creation_5m": Axis.CACHE_WRITE,
}


def amounts(prices: tuple[RawPrice, ...]) -> dict[Axis, Decimal]:
    """USD for one unit of each axis."""
    return {price.axis: to_canonical(price).usd for price in prices}


def tiers(model: RawModel) -> list[tuple[int, dict[Axis, Decimal]]]:
    """The prices that change above a number of prompt tokens, lowest number first."""
    return sorted(
        (condition.min_prompt_tokens, amounts(condition.prices))
        for condition in model.conditions
        if condition.min_prompt_tokens is not None and condition.utc_start is None
    )


def openrouter(model_id: str, model: RawModel) -> Entry:
    """USD per token, request, image or search, as strings."""
    pricing = {"prompt": "0", "completion": "0"} | _per_token(OPENROUTER_KEYS, model)
    overrides = [
        {"min_prompt_tokens": above} | _keyed(OPENROUTER_KEYS, changed, plain)
        for above, changed in tiers(model)
    ]
    return {
        "id": model_id,
        "name": model.name or model_id,
        "created": CREATED,
        "context_length": 128_000,
        "pricing": pricing | ({"overrides": overrides} if overrides else {}),
    }


def deepinfra(model_id: str, model: RawModel) -> Entry:
    """USD per 1M tokens, as numbers."""
    return {
        "id": model_id,
        "object": "model",
        "created": 0,
        "owned_by": "deepinfra",
        "metadata": {"context_length": 128_000, "pricing": _per_million(DEEPINFRA_KEYS, model)},
    }


def featherless(model_id: str, model: RawModel) -> Entry:
    """USD per token as strings, and again per 1M tokens as numbers."""
    fees = {"image": "0", "request": "0"}
    return {
        "id": model_id,
        "model_class": "class-70b",
        "context_length": 32_768,
        "concurrency_cost": 4,
        "pricing": fees | _per_token(TWO_STRINGS, model) | _per_million(TWO_NUMBERS, model),
        "status": "active",
    }


def nearai(model_id: str, model: RawModel) -> Entry:
    """USD per token as strings, and two of them again per 1M tokens as numbers."""
    strings = {"image": "0", "request": "0"} | _per_token(CHUTES_KEYS, model)
    return {
        "id": model_id,
        "object": "model",
        "owned_by": "nearai",
        "pricing": strings | _per_million(TWO_NUMBERS, model),
        "context_length": 131_072,
    }


def alibaba_cloud(model_id: str, model: RawModel) -> Entry:
    """Ranges of prompt lengths, each with all prices, strings in USD per 1M tokens."""
    base = amounts(model.prices)
    ranges = []
    bounds = [(0, base), *tiers(model)]
    for number, (above, changed) in enumerate(bounds):
        base = base | changed
        end = f"<={bounds[number + 1][0]}" if number + 1 < len(bounds) else ""
        ranges.append(
            {
                "range_name": f"{above}<Token{end}" if above or end else "Default",
                "prices": [
                    {
                        "type": kind,
                        "price": plain(base[axis] * TOKENS),
                        "price_unit": "Per 1M tokens" if number else "per million tokens",
                        "price_name": kind,
                    }
                    for kind, axis in ALIBABA_TYPES.items()
                    if axis in base
                ],
            }
        )
    return {"model": model_id, "name": model.name or model_id, "prices": ranges}


def together(model_id: str, model: RawModel) -> Entry:
    """USD per 1M tokens, as numbers."""
    others = {"hourly": 0, "base": 0, "finetune": 0}
    return {
        "id": model_id,
        "object": "model",
        "type": "chat",
        "display_name": model.name or model_id,
        "pricing": _per_million(TOGETHER_KEYS, model) | others,
    }


def fireworks(model_id: str, model: RawModel) -> Entry:
    """No prices."""
    return {"id": f"accounts/fireworks/models/{model_id}", "kind": "HF_BASE_MODEL"}


def groq(model_id: str, model: RawModel) -> Entry:
    """No prices."""
    return {"id": model_id, "object": "model", "active": True, "context_window": 131_072}


def strings_per_token(model_id: str, model: RawModel) -> Entry:
    """Cerebras and Nebius: USD per token, as strings."""
    return {"id": model_id, "object": "model", "pricing": _per_token(TWO_STRINGS, model)}


def novita(model_id: str, model: RawModel) -> Entry:
    """Ten-thousandths of a USD per 1M tokens, as numbers."""
    usd = amounts(model.prices)
    prices = {key: _number(usd[axis] * TOKENS * 10_000) for key, axis in NOVITA_KEYS.items()}
    newer = {}
    if Axis.CACHE_READ in usd:
        cached = _number(usd[Axis.CACHE_READ] * TOKENS * 10_000)
        newer = {"pricing": {"input_cache_read": {"price_per_m": cached}}}
    return {"id": model_id, "title": model_id, "status": 1} | prices | newer


def aihubmix(model_id: str, model: RawModel) -> Entry:
    """USD per 1M tokens, as numbers."""
    return {"model_id": model_id, "types": "llm", "pricing": _per_million(AIHUBMIX_KEYS, model)}


def chutes(model_id: str, model: RawModel) -> Entry:
    """OpenRouter's names, USD per 1M tokens as numbers, and again in another coin."""
    again = _per_million(CHUTES_KEYS_AGAIN, model)
    return {
        "id": model_id,
        "pricing": _per_million(CHUTES_KEYS, model),
        "price": {key: {"tao": 0.00025, "usd": usd} for key, usd in again.items()},
    }


def huggingface(model_id: str, model: RawModel) -> Entry:
    """USD per 1M tokens, as numbers, for each host that serves the model."""
    offer = {
        "provider": "somebody",
        "status": "live",
        "pricing": _per_million(TWO_NUMBERS, model),
        "is_free": False,
    }
    return {"id": model_id, "object": "model", "providers": [offer]}


def vercel(model_id: str, model: RawModel) -> Entry:
    """USD per token, as strings; again in half-open tiers by prompt length. Searches per 1,000."""
    pricing: Entry = _per_token(VERCEL_KEYS, model)
    search = amounts(model.prices).get(Axis.WEB_SEARCH)
    if search is not None:
        pricing["web_search"] = plain(search * 1000)
    for key, axis in VERCEL_KEYS.items():
        steps = [(above, changed[axis]) for above, changed in tiers(model) if axis in changed]
        if steps:
            starts = [0, *(above + 1 for above, _ in steps)]
            costs = [pricing[key], *(plain(usd) for _, usd in steps)]
            pricing[f"{key}_tiers"] = [
                {"cost": cost, "min": start} | ({"max": end} if end else {})
                for cost, start, end in zip(costs, starts, [*starts[1:], None], strict=True)
            ]
    return {"id": model_id, "type": "language", "created": 1_755_815_280, "pricing": pricing}


def requesty(model_id: str, model: RawModel) -> Entry:
    """USD per token, as numbers; an absent price is 0."""
    prices = _keyed(REQUESTY_KEYS, amounts(model.prices), _number)
    has_cache = prices.keys() >= {"caching_price", "cached_price"}
    return (
        {"id": model_id, "supports_caching": has_cache} | dict.fromkeys(REQUESTY_KEYS, 0) | prices
    )


def ovhcloud(model_id: str, model: RawModel) -> Entry:
    """USD per token, as strings; an absent price is 0."""
    zeros = dict.fromkeys(["completion", "image", "request", *OVHCLOUD_KEYS], "0")
    prices = _per_token(OVHCLOUD_KEYS, model)
    return {"id": model_id, "pricing": {"currency_unit": "USD"} | zeros | prices}


def _per_token(keys: Keys, model: RawModel) -> Entry:
    return _keyed(keys, amounts(model.prices), plain)


def _per_million(keys: Keys, model: RawModel) -> Entry:
    return _keyed(keys, amounts(model.prices), lambda usd: _number(usd * TOKENS))


def _keyed(keys: Keys, usd: Amounts, spelt: Callable[[Decimal], Any]) -> Entry:
    return {key: spelt(usd[axis]) for key, axis in keys.items() if axis in usd}


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)
