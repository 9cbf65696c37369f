"""Make what there is to review, by SQL: models with prices, and held changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

PriceSet = Mapping[str, Any]


def price_set(input_price: str, output_price: str, **others: Any) -> dict[str, Any]:
    """A price set in USD per token."""
    return {
        "price_per_input_token": input_price,
        "price_per_output_token": output_price,
        **others,
    }


CHEAP = price_set("0.0000003", "0.0000006")
DEAR = price_set("0.0003", "0.0006")
EVIDENCE = {
    "axis": "price_per_input_token",
    "kind": "ratio",
    "before": "0.0000003",
    "now": "0.0003",
    "ratio": "1000",
    "catalogue": "0.00000031",
    "key": "prompt",
    "text": "3e-4",
    "unit": "usd_per_token",
}
REASON = "unit: input_per_1m moves by 1,000 times (0.3 -> 300)"


class Reviews:
    """The price tables, as syncs leave them."""

    def __init__(self, connection: psycopg.Connection[DictRow]) -> None:
        self.connection = connection

    def job(self, status: str = "completed") -> str:
        """Make a job, ended unless ``status`` says otherwise; returns its id."""
        outcome = {"completed": "success", "failed": "failed"}.get(status)
        job_id = self.value(
            "insert into pricing_sync_jobs (triggered_by, status, outcome, started_at,"
            " completed_at) values ('test', %s, %s, now(), case when %s then now() end)"
            " returning job_id",
            status,
            outcome,
            outcome is not None,
        )
        return str(job_id)

    def model(self, provider: str, model: str, prices: PriceSet, job_id: str | None = None) -> int:
        """Make a model with a synced price in force and its history row; returns its id."""
        self.connection.execute(
            "insert into model_pricing (provider_slug, model_id, name, pricing_source, listed_by)"
            " values (%(provider)s, %(model)s, %(model)s, 'api:' || %(provider)s, %(provider)s)"
            " on conflict do nothing",
            {"provider": provider, "model": model},
        )
        model_id: int = self.value(
            "select id from model_pricing where provider_slug = %s and model_id = %s",
            provider,
            model,
        )
        self.connection.execute(
            "select write_model_prices(%s, 'api_sync:' || %s, clock_timestamp(), %s, now())",
            [
                Jsonb([{"id": model_id, "prices": prices, "raw": {"prompt": {"text": "1"}}}]),
                provider,
                job_id,
            ],
        )
        return model_id

    def hold(
        self,
        provider: str,
        model: str,
        prices: PriceSet = DEAR,
        *,
        previous: PriceSet = CHEAP,
        job_id: str | None = None,
        held_class: str = "unit",
        reason: str = REASON,
        evidence: Sequence[Mapping[str, Any]] = (EVIDENCE,),
    ) -> int:
        """Hold a change of a model (a new one gets ``previous``); returns its id."""
        known = self.connection.execute(
            "select id from model_pricing where provider_slug = %s and model_id = %s",
            [provider, model],
        ).fetchone()
        model_id = known["id"] if known else self.model(provider, model, previous)
        held_id: int = self.value(
            "insert into pricing_held_changes (model_id, provider_slug, class, reason, ratio,"
            " prices, previous, evidence, pricing_source, raw, first_job_id, job_id,"
            " first_seen_at, last_seen_at, observed_at)"
            " values (%s, %s, %s, %s, 1000, %s, %s, %s, 'api:' || %s, '{}', %s, %s, now(), now(),"
            " now()) returning id",
            model_id,
            provider,
            held_class,
            reason,
            Jsonb(prices),
            Jsonb(previous),
            Jsonb(list(evidence)),
            provider,
            job_id,
            job_id,
        )
        return held_id

    def refuse_list(self, provider: str) -> str:
        """Make a sync whose list had lost half of its models; returns its job."""
        job_id = self.job("failed")
        self.connection.execute(
            "insert into pricing_sync_log (job_id, provider_slug, queue_job_id, attempt, status,"
            " triggered_by, sync_completed_at, error_kind, error_message)"
            " select %s, %s, coalesce(max(queue_job_id), 0) + 1, 1, 'failed', 'test', now(),"
            " 'list_shrunk', 'The list has 1 of 3 known models' from pricing_sync_log",
            [job_id, provider],
        )
        return job_id

    def in_force(self, provider: str, model: str) -> tuple[str | None, str | None]:
        """The prices in force, in USD per million input and output tokens."""
        row = self.row(
            "select input_per_1m::text as input, output_per_1m::text as output from model_prices"
            " where provider = %s and model = %s",
            provider,
            model,
        )
        return row["input"], row["output"]

    def changed_by(self, provider: str, model: str) -> list[str]:
        """The writer of each price that was in force, oldest first."""
        rows = self.connection.execute(
            "select distinct on (id) changed_by from pricing_history"
            " where provider = %s and model = %s and is_in_force order by id",
            [provider, model],
        ).fetchall()
        return [row["changed_by"] for row in rows]

    def audited(self) -> list[tuple[str, str, str]]:
        rows = self.connection.execute(
            "select who, action, subject from pricing_audit_log"
            # Without the decisions by which a test sets up its providers.
            " where action <> 'create_api_key' and action !~ '_(provider|settings)$' order by id"
        ).fetchall()
        return [(row["who"], row["action"], row["subject"]) for row in rows]

    def row(self, query: str, *arguments: object) -> DictRow:
        row = self.connection.execute(query.encode(), arguments).fetchone()
        assert row is not None, query
        return row

    def value(self, query: str, *arguments: object) -> Any:
        return next(iter(self.row(query, *arguments).values()))
