"""Fireworks AI: models without prices."""

from __future__ import annotations

import json

import pytest

from service.errors import ParseError
from service.prices.price_list import RawModel
from service.providers.fireworks import ADAPTER, parse


def test_where_it_is_and_that_it_has_no_prices() -> None:
    assert ADAPTER.base_url + ADAPTER.path == "https://api.fireworks.ai/inference/v1/models"
    assert ADAPTER.credential_variable == "FIREWORKS_API_KEY"
    assert not ADAPTER.price_api
    assert ADAPTER.price_keys == {}


def test_the_models_are_listed_without_prices() -> None:
    entries = [
        {"id": "accounts/fireworks/models/swift-1", "kind": "HF_BASE_MODEL", "context_length": 9},
        {"id": "accounts/other/models/slow-1", "name": "Slow"},
        {"id": 7},
    ]
    found = parse(json.dumps({"object": "list", "data": entries}).encode())
    assert found.models == (
        RawModel("accounts/fireworks/models/swift-1"),
        RawModel("accounts/other/models/slow-1", name="Slow"),
    )
    assert [skipped.model_id for skipped in found.skipped] == ["entry 3"]


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ParseError):
        parse(b'{"data": []}')
