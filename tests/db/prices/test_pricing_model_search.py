"""The search over models looks in words that follow each model."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.rows import dict_row

from service.lists.price_lists import MODELS
from tests.db.pricing import Pricing


def found(pricing: Pricing, q: str) -> list[str]:
    statement, arguments = MODELS.statement({"q": q})
    with psycopg.RawCursor(pricing.connection, row_factory=dict_row) as cursor:
        return [row["model"] for row in cursor.execute(statement.encode(), arguments).fetchall()]


def listed(pricing: Pricing, *models: tuple[str, str]) -> None:
    for model_id, name in models:
        pricing.do(
            "insert into public.model_pricing (provider_slug, model_id, name, listed_by,"
            " pricing_source) values ('openrouter', %s, %s, 'openrouter', 'api:openrouter')",
            model_id,
            name,
        )


@pytest.mark.parametrize(
    ("q", "models"),
    [
        ("LAUDE", ["acme/claude_5%"]),
        ("opus", ["acme/claude_5%"]),
        ("enrout", ["acme/claude_5%", "acme/other"]),
        ("_5%", ["acme/claude_5%"]),
        ("e_o", []),
        ("\\", []),
        ("", ["acme/claude_5%", "acme/other"]),
    ],
)
def test_part_of_slug_id_or_name_in_any_case(pricing: Pricing, q: str, models: list[str]) -> None:
    listed(pricing, ("acme/claude_5%", "Claude OPUS"), ("acme/other", "Another"))
    assert found(pricing, q) == models


def test_it_follows_a_model(pricing: Pricing) -> None:
    listed(pricing, ("acme/one", "First"))
    pricing.maintain("update public.model_pricing set name = 'Second'")
    assert (found(pricing, "first"), found(pricing, "second")) == ([], ["acme/one"])
    pricing.maintain("update public.model_pricing set model_id = 'acme/two'")
    assert (found(pricing, "one"), found(pricing, "two")) == ([], ["acme/two"])
    pricing.maintain("delete from public.model_pricing")
    assert pricing.value("select count(*) from public.pricing_model_search") == 0


def test_a_new_price_writes_none_of_it(pricing: Pricing) -> None:
    listed(pricing, ("acme/one", "First"))
    row = "select ctid::text from public.pricing_model_search"
    before = pricing.value(row)
    pricing.maintain("update public.model_pricing set price_per_input_token = 1e-6, name = name")
    assert pricing.value(row) == before
