"""The rows of all tables after a run, in one snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import DictRow

Row = dict[str, Any]

_QUERIES = {
    "jobs": "select * from public.pricing_sync_jobs order by triggered_at, job_id",
    "attempts": """
        select l.*, j.dry_run
        from public.pricing_sync_log l
        join public.pricing_sync_jobs j using (job_id)
        order by l.id
    """,
    "queue": """
        select id, status::text, attempts, lock, args ->> 'job_id' as job_id,
            args ->> 'provider' as provider_slug, worker_id, abort_requested
        from procrastinate.procrastinate_jobs
        where task_name = 'sync_provider'
        order by id
    """,
    "history": """
        select h.id, m.provider_slug, m.model_id as model, h.price_per_input_token,
            h.price_per_output_token, h.previous_input_price, h.previous_output_price,
            h.changed_at, h.job_id, h.observed_at
        from public.model_pricing_history h
        join public.model_pricing m on m.id = h.model_id
        order by h.changed_at, h.id
    """,
    "models": """
        select provider_slug, model_id as model, price_per_input_token, price_per_output_token,
            last_changed_at, missing_count, is_active
        from public.model_pricing
        order by provider_slug, model_id
    """,
    # As text: a lock without a worker expired at -infinity.
    "locks": "select lock_key, locked_by, expires_at::text from public.pricing_sync_lock",
    "providers": """
        select p.slug, p.next_sync_at,
            p.enabled and s.scheduler_enabled and p.next_sync_at <= clock_timestamp() as is_due
        from public.pricing_providers p
        cross join public.pricing_settings s
        order by p.slug
    """,
    "keys": "select key, job_id from public.pricing_idempotency_keys",
    "retries": """
        select subject as job_id, count(*)::integer as times
        from public.pricing_audit_log
        where action = 'retry_pricing_sync'
        group by subject
    """,
    "status_changes": "select * from chaos.status_changes order by id",
}


@dataclass(frozen=True)
class Tables:
    """Rows as dicts; an attempt has its job's ``dry_run``, a history row its model's names."""

    jobs: list[Row]
    attempts: list[Row]
    queue: list[Row]
    history: list[Row]
    models: list[Row]
    locks: list[Row]
    providers: list[Row]
    keys: list[Row]
    retries: list[Row]
    status_changes: list[Row]


def read_tables(connection: psycopg.Connection[DictRow]) -> Tables:
    """Read all tables; at one moment if the transaction is a snapshot."""
    return Tables(
        **{name: connection.execute(query.encode()).fetchall() for name, query in _QUERIES.items()}
    )
