"""The catalogue's other ids for its models."""

from __future__ import annotations

from psycopg.types.json import Jsonb

from tests.db.price_decisions import call, listed
from tests.db.pricing import Pricing, Row, catalogue_price, price


def store(
    pricing: Pricing, *reference: Row, provider: str = "catalogue", version: str = "genai-prices@1"
) -> int:
    stored: int = pricing.value(
        "select public.store_model_aliases(%s, %s, %s)",
        *(provider, Jsonb(list(reference)), version),
    )
    return stored


def aliases(pricing: Pricing) -> dict[tuple[str, str], tuple[str, str]]:
    return {
        (row["provider_slug"], row["model_id"]): (row["canonical_id"], row["source"])
        for row in pricing.rows("select * from public.pricing_model_aliases")
    }


def entry(model_id: str, *others: str, provider: str = "openrouter") -> Row:
    return {"provider": provider, "model_id": model_id, "aliases": [*others]}


def test_the_catalogue_s_list_replaces_what_it_said_before(pricing: Pricing) -> None:
    assert store(pricing, entry("a", "a-1", "a-2"), entry("b", "b-1", provider="openai")) == 3
    said = "catalogue:genai-prices@1"
    assert aliases(pricing) == {
        ("openrouter", "a-1"): ("a", said),
        ("openrouter", "a-2"): ("a", said),
        ("openai", "b-1"): ("b", said),
    }
    with pricing.nothing_written():
        assert store(pricing, entry("a", "a-2", "a-1"), entry("b", "b-1", provider="openai")) == 0
    store(pricing, entry("a", "a-1"), entry("c", "b-1", provider="openai"))
    assert aliases(pricing) == {("openrouter", "a-1"): ("a", said), ("openai", "b-1"): ("c", said)}


def test_what_a_person_says_stays(pricing: Pricing) -> None:
    listed(pricing, "a-1", "z")
    for model in ("a-1", "z"):
        call(
            pricing,
            "set_model_alias",
            **{"provider": "openrouter", "model": model, "canonical_id": "other", "author": "ann"},
        )
    with pricing.nothing_written():
        store(pricing, entry("a", "a-1"))
    assert set(aliases(pricing).values()) == {("other", "manual:ann")}


def test_an_id_with_two_meanings_and_one_of_itself_are_no_aliases(pricing: Pricing) -> None:
    assert store(pricing, entry("a", "x", "a"), entry("b", "x")) == 0


def test_a_provider_s_sync_adds_its_own_spelling_and_removes_nothing(pricing: Pricing) -> None:
    store(pricing, entry("a", "vendor/a"))
    spelled = {"model_id": "Vendor/A", "canonical_id": "a"}
    other = spelled | {"provider": "openai"}
    assert store(pricing, spelled, other, entry("b", "b-1"), provider="openrouter") == 1
    assert {*aliases(pricing)} == {("openrouter", "vendor/a"), ("openrouter", "Vendor/A")}
    # The catalogue knows that spelling too: by the package's rule case does not count.
    with pricing.nothing_written():
        assert store(pricing, entry("a", "vendor/a")) == 0


def test_syncs_store_them(pricing: Pricing) -> None:
    pricing.sync("catalogue", [catalogue_price("openai", "a", "1", "2") | {"aliases": ["a-1"]}])
    pricing.sync(
        "openrouter",
        [price("Vendor/A")],
        reference=[{"model_id": "Vendor/A", "canonical_id": "a", "prices": {}}],
        reference_version="genai-prices@3",
    )
    assert aliases(pricing) == {
        ("openai", "a-1"): ("a", "catalogue:genai-prices@0.2.3"),
        ("openrouter", "Vendor/A"): ("a", "catalogue:genai-prices@3"),
    }
