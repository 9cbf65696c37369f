"""One model over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from service.web.database.web_database import WebDatabase
from tests.service.reviews import CHEAP, Reviews
from tests.service.web.running import OVERRIDES, Web, refused

MODEL = "maker/model-1"
ONE = "/admin/pricing/models/one"


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that web servers send from now on."""
    sent: list[str] = []
    send = WebDatabase.rows

    async def rows(self: WebDatabase, query: str, *args: object) -> Any:
        sent.append(query)
        return await send(self, query, *args)

    monkeypatch.setattr(WebDatabase, "rows", rows)
    return sent


def test_a_model_and_its_conditions_are_one_statement(
    web: Web, reviews: Reviews, statements: list[str]
) -> None:
    reviews.model("openrouter", MODEL, CHEAP)
    override = {
        "provider": "openrouter",
        "model_id": MODEL,
        "reason": "contract 7",
        "conditions": [
            {"min_prompt_tokens": 1000, "input_per_1m": 0.15},
            {"service_tier": "batch", "input_per_1m": 0.1},
        ],
    }
    assert web.client.post(OVERRIDES, json=override).status_code == 201
    statements.clear()

    answer = web.client.get(ONE, params={"provider": "openrouter", "model_id": MODEL})
    assert len(statements) == 1
    found = answer.json()
    assert (found["model"], found["has_conditions"]) == (MODEL, True)
    assert [each["position"] for each in found["conditions"]] == [1, 2]
    first, second = (each["condition"] for each in found["conditions"])
    assert (first["min_prompt_tokens"], first["price_per_input_token"]) == (1000, "0.00000015")
    assert second["service_tier"] == "batch"


def test_a_model_without_conditions_and_one_that_does_not_exist(web: Web, reviews: Reviews) -> None:
    reviews.model("openrouter", MODEL, CHEAP)
    found = web.client.get(ONE, params={"provider": "openrouter", "model_id": MODEL}).json()
    assert (found["input_per_1m"], found["conditions"]) == ("0.3", [])
    unknown = web.client.get(ONE, params={"provider": "openrouter", "model_id": "none"})
    refused(unknown, 404, "not_found")
