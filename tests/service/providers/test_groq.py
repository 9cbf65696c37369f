"""Groq: models without prices."""

from __future__ import annotations

import json

import pytest

from service.errors import ParseError
from service.prices.price_list import RawModel
from service.providers.groq import ADAPTER, parse


def test_where_it_is_and_that_it_has_no_prices() -> None:
    assert ADAPTER.base_url + ADAPTER.path == "https://api.groq.com/openai/v1/models"
    assert ADAPTER.credential_variable == "GROQ_API_KEY"
    assert not ADAPTER.price_api
    assert ADAPTER.price_keys == {}


def test_the_models_are_listed_without_prices() -> None:
    entries = [
        {"id": "lab/swift-1", "created": 1, "active": True, "public_apps": None},
        {"id": None},
        {"id": "slow-1", "name": "Slow"},
    ]
    found = parse(json.dumps({"object": "list", "data": entries}).encode())
    assert found.models == (RawModel("lab/swift-1"), RawModel("slow-1", name="Slow"))
    assert [skipped.model_id for skipped in found.skipped] == ["entry 2"]


def test_a_refusal_is_one() -> None:
    with pytest.raises(ParseError, match="Invalid API Key") as refused:
        parse(b'{"error": {"message": "Invalid API Key"}}')
    assert refused.value.code == "refused_by_provider"
