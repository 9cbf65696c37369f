"""The catalogue's numbers by every id that a model has."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.db.price_decisions import call, listed, prices, said
from tests.db.pricing import Pricing, price


@pytest.fixture(autouse=True)
def catalogue(pricing: Pricing) -> None:
    """The catalogue has ``a`` and ``b``, and says by a clause that ``vendor/a`` is ``a``."""
    for model, usd in (("a", 2), ("b", 3)):
        pricing.do(
            "insert into public.pricing_catalogue_prices (provider_slug, model_id, prices, version)"
            " values ('openrouter', %s, %s, 'genai-prices@1')",
            *(model, Jsonb(prices(usd, usd))),
        )
    pricing.do(
        "insert into public.pricing_model_aliases (provider_slug, model_id, canonical_id, source)"
        " values ('openrouter', 'vendor/a', 'a', 'catalogue:genai-prices@1'),"
        " ('novita', 'vendor/a', 'a', 'catalogue:genai-prices@1'),"
        " ('openrouter', 'vendor/x', 'x', 'catalogue:genai-prices@1')"
    )


def canonical_ids(pricing: Pricing) -> dict[str, Any]:
    rows = pricing.rows("select * from public.pricing_catalogue_by_id")
    assert {row["provider_slug"] for row in rows} == {"openrouter"}
    assert len({row["model_id"] for row in rows}) == len(rows)
    return {row["model_id"]: row["canonical_id"] for row in rows}


def set_alias(pricing: Pricing, model: str, canonical_id: str) -> None:
    listed(pricing, model)
    call(
        pricing,
        "set_model_alias",
        **{"provider": "openrouter", "model": model, "canonical_id": canonical_id},
    )


def test_own_ids_and_those_of_clauses(pricing: Pricing) -> None:
    assert canonical_ids(pricing) == {"a": "a", "b": "b", "vendor/a": "a"}


def test_what_a_person_says_comes_first(pricing: Pricing) -> None:
    set_alias(pricing, "vendor/a", "b")
    set_alias(pricing, "a", "b")
    set_alias(pricing, "other", "b")
    # The catalogue of this provider does not have it: the model's own numbers stay.
    set_alias(pricing, "b", "elsewhere")
    assert canonical_ids(pricing) == {"a": "b", "b": "b", "vendor/a": "b", "other": "b"}


def test_an_own_id_comes_before_a_clause(pricing: Pricing) -> None:
    pricing.do("update public.pricing_model_aliases set model_id = 'b' where canonical_id = 'x'")
    pricing.do("update public.pricing_model_aliases set canonical_id = 'a' where model_id = 'b'")
    assert canonical_ids(pricing)["b"] == "b"


def test_the_drift_report_and_the_guards_measure_by_it(pricing: Pricing) -> None:
    said(pricing, {"vendor/a": prices(3, 2)})
    rows = pricing.rows("select model, price, catalogue_amount from public.pricing_drift")
    assert [tuple(row.values()) for row in rows] == [("vendor/a", "input_per_1m", 2)]
    # First prices of a hundred times the catalogue's number, by a person's alias and by a clause.
    pricing.do("update public.pricing_providers set guards_enabled = true")
    pricing.do("delete from public.pricing_catalogue_prices where model_id = 'a'")
    pricing.do(
        "update public.pricing_model_aliases set canonical_id = 'b' where model_id = 'vendor/x'"
    )
    set_alias(pricing, "vendor/b", "b")
    listed = [price(model, "0.0003", "0.0003") for model in ("vendor/b", "vendor/x", "vendor/y")]
    pricing.sync("openrouter", [price("vendor/a", "0.000003", "0.000002"), *listed])
    held = pricing.rows("select model from public.pricing_held order by model")
    assert [row["model"] for row in held] == ["vendor/b", "vendor/x"]
