"""The statements of docs/slo.md measure what the page says."""

from __future__ import annotations

import psycopg
from psycopg.rows import DictRow

from tests.db.pricing import Pricing, price
from tests.docs.runbook import section_blocks

SLO = "docs/slo.md"


def answers(pricing: Pricing, heading: str) -> list[list[dict[str, object]]]:
    """The rows of each statement of a section, as the operator's login sees them."""
    texts = [block.text for block in section_blocks(heading, SLO) if block.language == "sql"]
    assert texts
    return [pricing.rows(text.strip().rstrip(";").replace("%", "%%")) for text in texts]


def test_syncs_succeed(connection: psycopg.Connection[DictRow]) -> None:
    pricing = Pricing(connection)
    assert answers(pricing, "Syncs succeed")[0] == [{"succeeded": 0, "failed": 0, "percent": None}]
    for _ in range(3):
        pricing.sync("openrouter", [price("a")])
    # Handed back and then failed: one sync that failed.
    pricing.end(pricing.start(), "queued")
    again = pricing.fetch()
    assert again is not None
    pricing.end(again, "failed", "timeout")
    measured, spent = answers(pricing, "Syncs succeed")
    assert [{k: int(str(v).split(".")[0]) for k, v in measured[0].items()}] == [
        {"succeeded": 3, "failed": 1, "percent": 75}
    ]
    assert [(row["provider_slug"], row["error_kind"], row["count"]) for row in spent] == [
        ("openrouter", "timeout", 1)
    ]


def test_prices_are_fresh(connection: psycopg.Connection[DictRow]) -> None:
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price("a")])
    pricing.sync("deepinfra", [price("a")])
    pricing.do(
        "update pricing_providers set last_success_at = now() - sync_interval * 1.4"
        " where slug = 'openrouter'"
    )
    [late] = answers(pricing, "Prices are fresh")
    slugs = [row["slug"] for row in late]
    assert "openrouter" in slugs and "deepinfra" not in slugs


def test_syncs_are_quick(connection: psycopg.Connection[DictRow]) -> None:
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price("a")])
    pricing.do("update pricing_sync_log set sync_started_at = sync_completed_at - interval '90 s'")
    measured, slow = answers(pricing, "Syncs are quick")
    assert (measured[0]["attempts"], float(str(measured[0]["p95_seconds"]))) == (1, 90)
    assert slow[0]["provider_slug"] == "openrouter"
