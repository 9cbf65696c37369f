"""Drift over HTTP: prices that differ from the catalogue's, and models without any."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.service.reviews import CHEAP, Reviews, price_set
from tests.service.web.running import DRIFT, UNPRICED, Web, refused


def catalogued(reviews: Reviews, provider: str, model: str, **prices: str) -> None:
    reviews.connection.execute(
        "insert into pricing_catalogue_prices (provider_slug, model_id, prices, version)"
        " values (%s, %s, %s, 'genai-prices@1.2.3')",
        [provider, model, Jsonb(prices)],
    )


def test_drift_says_both_numbers(web: Web, reviews: Reviews) -> None:
    reviews.model("openrouter", "maker/one", CHEAP)
    reviews.model("openrouter", "maker/near", CHEAP)
    catalogued(
        reviews, "openrouter", "maker/one",
        price_per_input_token="0.0000006", price_per_output_token="0.0000006",
    )  # fmt: skip
    catalogued(reviews, "openrouter", "maker/near", price_per_input_token="0.000000302")

    answer = web.client.get(DRIFT)

    assert answer.json() == {
        "drift": [
            {
                "provider": "openrouter",
                "model": "maker/one",
                "model_id": "maker/one",
                "price": "input_per_1m",
                "provider_amount": "0.3",
                "catalogue_amount": "0.6",
                "ratio": "0.5",
                "source": "api:openrouter",
                "pricing_source": "api:openrouter",
                "catalogue": "genai-prices@1.2.3",
            }
        ],
        "count": 1,
        "next_cursor": None,
    }


def test_drift_is_filtered_and_paged(web: Web, reviews: Reviews) -> None:
    for provider, model in (("deepinfra", "b"), ("openrouter", "a"), ("openrouter", "b")):
        reviews.model(provider, model, CHEAP)
        catalogued(
            reviews, provider, model,
            price_per_input_token="0.000001", price_per_output_token="0.000001",
        )  # fmt: skip

    def key(row: dict[str, Any]) -> tuple[str, str, str]:
        return row["provider"], row["model_id"], row["price"]

    everything = [key(row) for row in web.client.get(DRIFT).json()["drift"]]
    assert everything == sorted(everything)
    assert len(everything) == 6
    seen = []
    query: dict[str, Any] = {"limit": 4}
    while query is not None:
        page = web.client.get(DRIFT, params=query).json()
        seen += [key(row) for row in page["drift"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == everything
    only = web.client.get(DRIFT, params={"provider": "deepinfra"}).json()["drift"]
    assert {row["provider"] for row in only} == {"deepinfra"}


def test_unpriced_says_why(web: Web, reviews: Reviews) -> None:
    reviews.model("openrouter", "priced", CHEAP)
    reviews.model("openrouter", "free", price_set("0", "0"))
    reviews.model("openrouter", "silent", {})
    held_id = reviews.hold("openrouter", "waiting", previous={})

    answer = web.client.get(UNPRICED)

    silent, waiting = answer.json()["unpriced"]
    assert (silent["model_id"], silent["why"], silent["held_id"]) == (
        "silent",
        "said unknown",
        None,
    )
    assert (waiting["model_id"], waiting["why"], waiting["held_id"]) == ("waiting", "held", held_id)
    assert waiting["first_seen_at"].endswith("Z")
    assert waiting["lost_at"] is None
    first = web.client.get(UNPRICED, params={"limit": 1}).json()
    second = web.client.get(UNPRICED, params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [row["model_id"] for row in first["unpriced"] + second["unpriced"]] == [
        "silent", "waiting"
    ]  # fmt: skip
    assert second["next_cursor"] is None
    assert web.client.get(UNPRICED, params={"provider": "deepinfra"}).json()["count"] == 0


@pytest.mark.parametrize("path", [DRIFT, UNPRICED])
@pytest.mark.parametrize("query", ["cursor=WyIxIl0", "cursor=bm8", "limit=0", "provider="])
def test_a_bad_question_is_refused(untouched_web: Web, path: str, query: str) -> None:
    refused(untouched_web.client.get(f"{path}?{query}"), 422, "bad_input")
