"""Act on the queue as a worker does, by SQL: no provider is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

# Every table that a sync request writes to.
WRITTEN_TABLES = (
    "public.pricing_sync_jobs",
    "public.pricing_sync_log",
    "procrastinate.procrastinate_jobs",
    "procrastinate.procrastinate_events",
)


@dataclass
class Queue:
    connection: psycopg.Connection[DictRow]

    def row_counts(self) -> dict[str, int]:
        return {table: self._value(f"select count(*) from {table}") for table in WRITTEN_TABLES}

    def register_worker(self) -> int:
        worker_id: int = self._value(
            "insert into procrastinate.procrastinate_workers default values returning id"
        )
        return worker_id

    def start(self, job_id: str, provider: str) -> int:
        """Fetch one provider sync as a worker; returns its queue row's id."""
        queue_job_id: int = self._value(
            "update procrastinate.procrastinate_jobs set status = 'doing', worker_id = %s"
            " where args ->> 'job_id' = %s and args ->> 'provider' = %s and status = 'todo'"
            " returning id",
            self.register_worker(),
            job_id,
            provider,
        )
        return queue_job_id

    def fail(self, job_id: str, provider: str, message: str = "it failed") -> None:
        """Fetch one provider sync and end it as failed."""
        ended = self._value(
            "select public.end_provider_sync(%s, 1, 'failed', 'timeout', %s)",
            self.start(job_id, provider),
            message,
        )
        assert ended is True

    def succeed(self, job_id: str, provider: str, *models: str) -> None:
        """Fetch one provider sync and apply a price for each model."""
        prices = [
            {
                "model_id": model,
                "name": model,
                "source": f"api:{provider}",
                "price_per_input_token": "0.0000003",
                "price_per_output_token": "0.0000006",
            }
            for model in models
        ]
        self.connection.execute(
            "select * from public.apply_provider_prices(%s, 1, %s)",
            [self.start(job_id, provider), Jsonb(prices)],
        )

    def _value(self, query: str, *arguments: object) -> Any:
        row = self.connection.execute(query, arguments or None).fetchone()
        assert row is not None, query
        return next(iter(row.values()))
