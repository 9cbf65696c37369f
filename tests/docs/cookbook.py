"""The questions of docs/sql.md, and a small database of which the answers are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tests.db.clock import time_passes
from tests.db.price_decisions import held, override, prices, said
from tests.db.pricing import Pricing, Row, price
from tests.docs.runbook import sections, statements

COOKBOOK = "docs/sql.md"
MODEL = "openai/gpt-4o"
JOBS = [UUID(f"5f0c0ffe-0000-4000-8000-0000000000{number}") for number in (17, 18)]
TIER = {"min_prompt_tokens": 200_000, "price_per_input_token": "0.000006"}
BATCH = {
    "service_tier": "batch",
    "price_per_input_token": "0.0000015",
    "price_per_output_token": "0.000006",
}
_BLOCK = re.compile(r"^(?P<before>.*?)\n+```sql\n(?P<sql>.*?)^```$", re.M | re.S)


def questions(section: str) -> dict[str, str]:
    """The statements of a section, by the text above them."""
    return {
        " ".join(block["before"].strip().split("\n\n")[-1].split()): block["sql"]
        for block in _BLOCK.finditer(sections(COOKBOOK)[section])
    }


@dataclass
class Asked:
    """Asks the questions of one section, each by its first words."""

    pricing: Pricing
    left: dict[str, str] = field(default_factory=dict)

    def all(self, first_words: str) -> list[list[Row]]:
        """The rows of each statement."""
        (text,) = [each for each in self.left if each.startswith(first_words)]
        return [self.pricing.rows(each) for each in statements(self.left.pop(text))]

    def rows(self, first_words: str) -> list[Row]:
        """The rows of the only statement."""
        (rows,) = self.all(first_words)
        return rows

    def row(self, first_words: str) -> Row:
        (row,) = self.rows(first_words)
        return row

    def tuples(self, first_words: str, *columns: str) -> list[tuple[Any, ...]]:
        return [tuple(row[name] for name in columns) for row in self.rows(first_words)]


@contextmanager
def asking(pricing: Pricing, section: str) -> Iterator[Asked]:
    """Ask a section; AssertionError for a question that was not asked."""
    asked = Asked(pricing, questions(section))
    yield asked
    assert not asked.left, f"{section}: not asked: {list(asked.left)}"


def prepare(pricing: Pricing) -> None:
    """Prices of three providers and their past, held changes, an override and ended syncs."""
    pricing.do("update pricing_providers set enabled = true where slug = 'novita'")
    months = "date_trunc('month', now()) - interval '{}'"
    at = {
        name: pricing.value(f"select {moment}")
        for name, moment in {
            "two months": months.format("2 months"),
            "half of last month": "date_trunc('month', now()) - (date_trunc('month', now())"
            " - (date_trunc('month', now()) - interval '1 month')) / 2",
            "next month": "to_char(date_trunc('month', now()) + interval '1 month',"
            ' \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')',
        }.items()
    }
    said(pricing, {"monthly": prices(1, 4)}, at=at["two months"])
    said(pricing, {"monthly": prices(3, 12)}, at=at["half of last month"])
    announced = {"effective_from": at["next month"], "price_per_input_token": "0.0000005"}
    own: list[Row] = [
        price("odd", None, None),
        price("free", "0", "0"),
        price("soon", "0.000001", "0.000002", conditions=[announced]),
        price("monthly", "0.000003", "0.000012"),
    ]
    cached: dict[str, Any] = {
        "price_per_cache_read_token": "0.0000015",
        "conditions": [TIER, BATCH],
    }
    pricing.sync("openrouter", [price(MODEL, "0.0000025", "0.00001", **cached), *own])
    _move_to_the_past(pricing, "2 days")
    pricing.sync("openrouter", [price(MODEL, "0.000003", "0.000012", **cached), *own])
    _move_to_the_past(pricing, "1 hour")
    said(pricing, {MODEL: prices("2.8", 11), "gone": prices(1, 1)}, provider="deepinfra")
    pricing.maintain(
        "update model_pricing set missing_count = 3, is_active = false where model_id = 'gone'"
    )
    said(pricing, {"gpt-4o-copy": prices(2, 8)}, provider="novita")
    pricing.rows("select set_model_alias('novita', 'gpt-4o-copy', %s)", MODEL)
    _hold(pricing)


def silent(pricing: Pricing) -> None:
    """A provider whose last list was read three days ago, one that fails, one without a key."""
    pricing.do(
        "update pricing_providers set last_success_at = now() - interval '3 days',"
        " next_sync_at = 'infinity' where slug = 'deepinfra'"
    )
    pricing.do("update pricing_providers set enabled = true where slug = 'together'")
    pricing.do("update pricing_providers set state = 'no_credentials' where slug = 'together'")
    pricing.end(pricing.start("novita"), "failed", "http_status", "api.novita.ai answered 503")


def by_hand(pricing: Pricing) -> None:
    """A contract price above the provider's, and one that ends."""
    override(pricing, "monthly", input_per_1m=5, reason="contract", expires_at=None)


def _move_to_the_past(pricing: Pricing, interval: str) -> None:
    """Everything that was written so far happened this much earlier; ``monthly`` has its dates."""
    time_passes(pricing, interval)
    with pricing.connection.transaction():
        pricing.do("set local session_replication_role = replica")
        pricing.do(
            "update model_pricing_history h set changed_at = h.changed_at - %s::interval"
            " from model_pricing m where m.id = h.model_id and m.model_id <> 'monthly'",
            interval,
        )


def _hold(pricing: Pricing) -> None:
    """The document's held changes, under its ids."""
    for job_id in JOBS:
        pricing.do(
            "insert into pricing_sync_jobs (job_id, status, outcome, triggered_by, completed_at)"
            " values (%s, 'completed', 'success', 'test', now())",
            job_id,
        )
    said(pricing, {"a": prices(1, 2), "b": prices(1, 2), "c": prices(1, 2)}, provider="novita")
    said(pricing, {"d": prices(1, 2)}, provider="novita", job_id=JOBS[1])
    pricing.do("select setval(pg_get_serial_sequence('pricing_held_changes', 'id'), 17, false)")
    for model, ratio in (("a", 300), ("b", 100), ("c", 500)):
        held(
            pricing, model, prices(ratio, 2), provider="novita", job_id=JOBS[0], ratio=ratio,
            evidence=Jsonb([{"axis": "price_per_input_token"}]),
        )  # fmt: skip
    pricing.do("select setval(pg_get_serial_sequence('pricing_change_rules', 'id'), 3, false)")
    pricing.do(
        "insert into pricing_catalogue_prices (provider_slug, model_id, prices, version)"
        " values ('novita', 'a', %s, 'genai-prices@0.2.3')",
        Jsonb(prices(3, 2)),
    )
