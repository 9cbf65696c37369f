"""Make jobs again from their log rows."""

from __future__ import annotations

from uuid import UUID

import psycopg

from service.migrations.repair.reconciled_prices import BY
from service.postgres.rows import the_row

_REBUILD = """
with rebuilt as (
    insert into public.pricing_sync_jobs (
        job_id, triggered_by, triggered_at, started_at, completed_at, providers,
        providers_total{more}
    )
    select l.job_id, min(l.triggered_by), min(l.queued_at), min(l.sync_started_at),
        case
            when bool_and(l.status not in ('queued', 'in_progress'))
                then max(coalesce(l.sync_completed_at, l.queued_at))
        end,
        array_agg(distinct l.provider_slug), count(distinct l.provider_slug){values}
    from public.pricing_sync_log l
    where not exists (select from public.pricing_sync_jobs j where j.job_id = l.job_id)
    group by l.job_id
    returning job_id
)
select coalesce(array_agg(job_id), '{{}}') from rebuilt
"""

# Columns since 0.4.0, whose default would be the login that repairs.
_SIGNED = "session_login", "acting_role"


def rebuild_jobs(connection: psycopg.Connection) -> list[UUID]:
    """Make jobs again from their log rows; returns their ids, for ``reconcile_jobs``."""
    columns = [
        name
        for (name,) in connection.execute(
            "select attname::text from pg_attribute"
            " where attrelid = 'public.pricing_sync_jobs'::regclass and attname = any (%s)",
            [list(_SIGNED)],
        ).fetchall()
    ]
    query = _REBUILD.format(
        more="".join(f", {name}" for name in columns), values=", null" * len(columns)
    )
    job_ids: list[UUID] = the_row(connection.execute(query.encode()).fetchone())[0]
    return job_ids


def reconcile_jobs(connection: psycopg.Connection, job_ids: list[UUID]) -> list[str]:
    """Reconcile rebuilt jobs with their log rows, and cancel those that had not ended.

    Only the lost job row said whether it was a dry run, which must write nothing.
    """
    if not job_ids:
        return []
    sentences = [
        f"{len(job_ids)} jobs are made again from their attempts; whether each was a dry run, and"
        " its idempotency key, is gone"
    ]
    reconciled = connection.execute(
        "select j.id, public.project_pricing_job(j.id) from unnest(%s::uuid[]) as j (id)",
        [job_ids],
    ).fetchall()
    open_ids = [job_id for job_id, is_open in reconciled if is_open]
    for job_id in open_ids:
        connection.execute("select from public.cancel_pricing_sync(%s::uuid, %s)", [job_id, BY])
    if open_ids:
        sentences.append(
            f"{len(open_ids)} jobs had not ended and are cancelled: trigger them again"
        )
    return sentences
