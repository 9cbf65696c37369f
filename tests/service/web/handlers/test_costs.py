"""What a request costs, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.service.reviews import CHEAP, Reviews
from tests.service.web.running import OVERRIDES, Web, refused

MODEL = "maker/model-1"
USAGE = {"input_tokens": 2000, "output_tokens": 100}


@pytest.fixture(autouse=True)
def model(reviews: Reviews) -> int:
    return reviews.model("openrouter", MODEL, CHEAP)


def post(web: Web, usage: Any = USAGE, **more: Any) -> httpx2.Response:
    body = {"provider": "openrouter", "model_id": MODEL, "usage": usage, **more}
    return web.client.post("/admin/pricing/cost", json=body)


def test_the_bill(web: Web) -> None:
    answer = post(web, at="2999-01-01T00:00:00Z")
    assert answer.status_code == 200, answer.text
    bill = answer.json()
    assert (bill["cost"], bill["reason"], bill["at"]) == ("0.00066", None, "2999-01-01T00:00:00Z")
    assert bill["lines"][0] == {
        "axis": "price_per_input_token",
        "quantity": 2000,
        "price": "0.0000003",
        "cost": "0.0006",
        "condition": None,
    }
    assert isinstance(bill["history_id"], int)


def test_an_unknown_price_has_a_reason(web: Web) -> None:
    bill = post(web, {"audio_seconds": 1.5}).json()
    assert (bill["cost"], bill["reason"]) == (None, "per_audio_second is unknown")
    assert post(web, at="2020-01-01T00:00:00Z").json()["cost"] is None


def test_what_is_refused(web: Web) -> None:
    refused(post(web, {"tokens": 1}), 422, "bad_input")
    refused(post(web, [1]), 422, "bad_input")
    refused(post(web, {"input_tokens": -1}), 422, "bad_input")
    body = {"provider": "openrouter", "model_id": "none", "usage": USAGE}
    refused(web.client.post("/admin/pricing/cost", json=body), 404, "not_found")


def test_numbers_are_read_as_they_are_written(web: Web) -> None:
    def bill(count: str) -> Any:
        body = f'{{"provider": "openrouter", "model_id": "{MODEL}", "usage": {{{count}}}}}'
        return web.client.post("/admin/pricing/cost", content=body)

    answer = bill('"input_tokens": 1000000000000000000001')
    assert '"quantity":1000000000000000000001,' in answer.text
    assert answer.json()["cost"] == "300000000000000.0000003"
    assert bill('"input_tokens": 1e3').json()["lines"][0]["quantity"] == 1000
    for odd in ("1e400", "NaN", "-1", "1e-3", "[1]", "9" * 41):
        refused(bill(f'"input_tokens": {odd}'), 422, "bad_input")


def test_an_override_with_a_condition_and_a_beginning(web: Web) -> None:
    override = {
        "provider": "openrouter",
        "model_id": MODEL,
        "reason": "contract 7",
        "conditions": [{"min_prompt_tokens": 1000, "input_per_1m": 0.15}],
        "effective_from": "2999-01-01T00:00:00Z",
    }
    answer = web.client.post(OVERRIDES, json=override)
    assert answer.status_code == 201, answer.text
    (condition,) = answer.json()["prices"]["conditions"]
    assert (condition["min_prompt_tokens"], condition["input_per_1m"]) == (1000, "0.15")
    assert condition["price_per_input_token"] == "0.00000015"
    assert post(web).json()["cost"] == "0.00066"
    assert post(web, at="2999-01-01T00:00:00Z").json()["cost"] == "0.00036"
    odd_conditions: list[Any] = [[{"min_prompt_tokens": 1000}], [{"service_tier": {}}], [7]]
    for odd in odd_conditions:
        refused(web.client.post(OVERRIDES, json=override | {"conditions": odd}), 422, "bad_input")
