"""Ids of the catalogue's models: their own, and others by exact clauses."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from genai_prices import data_snapshot
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEquals,
    ClauseOr,
    ClauseStartsWith,
    MatchLogic,
    ModelInfo,
    ModelPrice,
)

from service.prices.catalogue import catalogue_models, read_catalogue
from service.prices.catalogue_ids import aliases, exact_ids

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def model(model_id: str, *clauses: MatchLogic) -> ModelInfo:
    prices = ModelPrice(input_mtok=Decimal(1))
    return ModelInfo(id=model_id, match=ClauseOr(list(clauses)), prices=prices)


def test_clauses_of_equality_count_wherever_one_alone_is_enough() -> None:
    nested = ClauseOr([ClauseEquals("c"), ClauseStartsWith("d")])
    both = ClauseAnd([ClauseEquals("e"), ClauseContains("f")])
    models = [model("a", ClauseEquals("b"), nested, both, ClauseContains("g"))]
    assert exact_ids(models) == {"b": "a", "c": "a"}
    assert aliases(models) == {"a": ("b", "c")}
    alone = ModelInfo(id="a", match=ClauseEquals("z"), prices=ModelPrice())
    assert exact_ids([alone]) == {"z": "a"}


def test_they_are_compared_without_case() -> None:
    models = [model("A", ClauseEquals("Maker/A"))]
    assert exact_ids(models) == {"maker/a": "A"}
    assert aliases(models) == {"A": ("Maker/A",)}


def test_an_id_with_two_meanings_has_none() -> None:
    models = [
        model("a", ClauseEquals("x"), ClauseEquals("B")),
        model("b", ClauseEquals("X"), ClauseEquals("only-b")),
    ]
    assert exact_ids(models) == {"only-b": "b"}
    assert aliases(models) == {"a": (), "b": ("only-b",)}


def test_no_clause_of_the_installed_catalogue_contradicts_the_package() -> None:
    checked = 0
    for provider in data_snapshot.get_snapshot().providers:
        for text, model_id in exact_ids(provider.models).items():
            found = provider.find_model(text)
            assert found is not None and found.id == model_id
            checked += 1
    assert checked > 3000


def test_a_model_of_a_provider_without_prices_is_found_by_them() -> None:
    fireworks = catalogue_models("fireworks", NOW)
    fast = fireworks.find("accounts/fireworks/routers/glm-5p2-fast")
    assert fast is not None
    assert fast.as_charged() == {
        "price_per_input_token": "0.0000021",
        "price_per_output_token": "0.0000066",
        "price_per_cache_read_token": "0.00000021",
    }
    # The catalogue says so of the router, and of no model.
    assert fireworks.find("accounts/fireworks/models/glm-5p2-fast") is None
    assert fireworks.find("accounts/fireworks/models/glm-5p2") is not None
    groq = catalogue_models("groq", NOW)
    assert groq.find("openai/gpt-oss-120b") is not None and groq.find("gpt-oss") is None


def test_every_id_that_the_catalogue_equals_to_a_priced_model_is_priced() -> None:
    for provider in ("fireworks", "groq"):
        known = catalogue_models(provider, NOW)
        for read in read_catalogue(NOW).models:
            if read.provider == provider and read.prices:
                for other in read.aliases:
                    assert known.find(other) is read
                    assert known.find_in_any_case(other.upper()) is read
