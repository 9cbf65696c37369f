"""The cost of one change or a small list does not grow with other providers' models."""

from __future__ import annotations

import pytest

from tests.db.price_decisions import call, override, prices, said
from tests.db.pricing import Pricing, price

NEIGHBOURS = 3000


@pytest.fixture(autouse=True)
def neighbours(pricing: Pricing) -> None:
    """Another provider with many models, each with a history, and a catalogue of all of them."""
    pricing.do("set session_replication_role = replica")
    pricing.do(
        "with model as ("
        " insert into public.model_pricing"
        " (provider_slug, model_id, price_per_input_token, pricing_source, listed_by)"
        " select 'deepinfra', n, 0.000003, 'api:deepinfra', 'deepinfra'"
        " from generate_series(1, %s) as n"
        " returning id, model_id"
        "), history as ("
        " insert into public.model_pricing_history"
        " (model_id, provider_slug, price_per_input_token, changed_by, pricing_source, job_id)"
        " select id, 'deepinfra', 0.000003, 'api_sync:deepinfra', 'api:deepinfra',"
        " gen_random_uuid() from model"
        ") insert into public.pricing_catalogue_prices (provider_slug, model_id, prices, version)"
        " select 'deepinfra', model_id, jsonb_build_object('price_per_input_token', '3e-6'), 'v'"
        " from model",
        NEIGHBOURS,
    )
    pricing.do("set session_replication_role = origin")
    pricing.do("analyze")


def test_an_override(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    with pricing.reading_few_rows():
        override(pricing, input_per_1m="1.1")


def test_a_small_list(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m"), price("n")])
    attempt = pricing.start()
    with pricing.reading_few_rows():
        reference = [{"model_id": "m", "prices": prices(1, 2)}]
        changed = [price("m"), price("n", "0.00000031")]
        log = pricing.apply(attempt, changed, reference=reference, reference_version="v")
    assert (log["models_updated"], log["models_unchanged"]) == (1, 1)


def test_a_rollback(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m")])
    log = pricing.sync("openrouter", [price("m", "0.00000031")])
    with pricing.reading_few_rows():
        call(pricing, "rollback_pricing_sync", job_id=log["job_id"], dry_run=False)
    assert [row["changed_by"] for row in pricing.history("m")][-1] == f"rollback:{log['job_id']}"
