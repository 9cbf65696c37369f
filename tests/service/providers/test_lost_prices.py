"""Small bodies of which a price was once lost or wrong: each must give what is billed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.prices.price_list import RawModel
from service.providers.adapter import adapter

INPUT, OUTPUT = "price_per_input_token", "price_per_output_token"
CACHE_READ, CACHE_WRITE = "price_per_cache_read_token", "price_per_cache_write_token"
FINE = {"id": "fine", "pricing": {}}


def parsed(slug: str, *entries: Any) -> list[RawModel]:
    listed: Any = [*entries, FINE]
    body = listed if slug == "together" else {"data": listed}
    return list(adapter(slug).parse(json.dumps(body).encode()).models)


def charged(slug: str, entry: dict[str, Any]) -> dict[str, Any]:
    model = parsed(slug, {"id": "m"} | entry)[0]
    assert model.model_id == "m"
    return model.as_charged()


def test_a_speech_model_has_no_price_of_tokens() -> None:
    speech = {"type": "audio", "pricing": {"input": 65, "output": 0, "hourly": 0}}
    heard = {"type": "transcribe", "pricing": {"input": 0.27, "output": 0.85, "hourly": 0}}
    for entry in (speech, heard):
        (model, _) = parsed("together", {"id": "m"} | entry)
        assert model.as_charged() == {}
        assert "pricing.input" in model.extra


def test_a_model_that_is_not_served_is_not_free() -> None:
    zeros = {"input": 0, "output": 0, "hourly": 0, "base": 0, "finetune": 0}
    assert charged("together", {"type": "chat", "running": False, "pricing": zeros}) == {}


@pytest.mark.parametrize("key", ["input_cache_read", "input_cache_write", "internal_reasoning"])
def test_a_zero_beside_positive_prices_says_nothing(key: str) -> None:
    pricing = {"prompt": "0.00001", "completion": "0.00002"}
    expected = {INPUT: "0.00001", OUTPUT: "0.00002"}
    assert charged("openrouter", {"pricing": pricing | {key: "0"}}) == expected
    assert charged("openrouter", {"pricing": pricing}) == expected


def test_a_tier_that_costs_something_is_not_free() -> None:
    tiers = [{"min": 0, "max": 1000, "cost": "0"}, {"min": 1000, "cost": "0.000001"}]
    found = charged("vercel", {"pricing": {"input": "0", "output": "0", "output_tiers": tiers}})
    assert found["conditions"] == [{"min_prompt_tokens": 999, OUTPUT: "0.000001"}]


@pytest.mark.parametrize(
    ("slug", "pricing"),
    [
        ("openrouter", {"prompt": "0.0000168", "completion": "0.0000336", "currency": "CNY"}),
        ("openrouter", {"prompt": "0.0000168", "currency_unit": "EUR"}),
        ("openrouter", {"prompt": "0.0000168", "unit": "per_1k_tokens"}),
        ("novita", {"prompt": {"price_per_m": 36}, "currency": "CNY"}),
        ("requesty", [{"prompt_tokens_threshold": 0, "input_price": 1e-6, "currency": "CNY"}]),
    ],
)
def test_another_currency_or_unit_skips_the_model(slug: str, pricing: Any) -> None:
    assert [model.model_id for model in parsed(slug, {"id": "m", "pricing": pricing})] == ["fine"]


@pytest.mark.parametrize("odd", [{"currency": "EUR"}, {"unit": "per_1k"}])
def test_another_currency_or_unit_within_metadata(odd: dict[str, str]) -> None:
    for metadata in (
        {"pricing": {"input_tokens": 1} | odd},
        {"pricing": {"input_tokens": 1}} | odd,
    ):
        models = parsed("deepinfra", {"id": "m", "metadata": metadata})
        assert [model.model_id for model in models] == ["fine"]


def test_an_override_with_a_condition_that_is_not_known_is_one() -> None:
    override = {"min_context": 200_000, "prompt": "0.00002"}
    pricing = {"prompt": "0.00001", "completion": "0.00002", "overrides": [override]}
    assert charged("openrouter", {"pricing": pricing})["conditions"] == [
        {"min_context": 200_000, INPUT: "0.00002"}
    ]
    models = parsed("openrouter", {"id": "m", "pricing": pricing | {"overrides": override}})
    assert [model.model_id for model in models] == ["fine"]


def test_the_finer_of_two_publications_that_agree_is_the_price() -> None:
    cached = {"price_per_m": 36, "price_per_m_decimal": "0.00361"}
    found = charged("novita", {"pricing": {"input_cache_read": cached}})
    assert found == {CACHE_READ: "0.00000000361"}
