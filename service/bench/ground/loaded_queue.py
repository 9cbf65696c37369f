"""Jobs with their log and queue rows, loaded as the system writes them, with triggers off."""

from __future__ import annotations

import psycopg
from psycopg.rows import DictRow

PROVIDERS = 50
_PROVIDERS = """
insert into pricing_providers (slug, name, adapter, base_url, next_sync_at, enabled)
select %(names)s || '-' || n, 'P', 'openrouter', 'http://127.0.0.1:9', 'infinity',
    %(queue)s <> 'succeeded'
from generate_series(1, 50) as n
on conflict do nothing
"""
# One job, log row and queue row each.
_LOAD = """
with loaded as (
    select
        gen_random_uuid() as job_id,
        %(names)s || '-' || 1 + n %% 50 as slug,
        nextval('procrastinate.procrastinate_jobs_id_seq') as id
    from generate_series(1, %(rows)s) as n
),
jobs as (
    insert into pricing_sync_jobs (job_id, status, outcome, triggered_by, providers, completed_at)
    select job_id, %(job)s, %(outcome)s, 'bench', array[slug],
        case when %(outcome)s::text is not null then clock_timestamp() end
    from loaded
),
logs as (
    insert into pricing_sync_log (job_id, provider_slug, queue_job_id, attempt, status,
        triggered_by, sync_started_at, sync_completed_at)
    select job_id, slug, id, 1, %(log)s, 'bench',
        case when %(log)s <> 'queued' then clock_timestamp() end,
        case when %(outcome)s::text is not null then clock_timestamp() end
    from loaded
)
insert into procrastinate.procrastinate_jobs
    (id, queue_name, task_name, lock, args, status, attempts, worker_id)
select id, 'pricing', 'sync_provider', 'pricing_sync:' || slug,
    jsonb_build_object('provider', slug, 'job_id', job_id),
    %(queue)s::procrastinate.procrastinate_job_status,
    case when %(outcome)s::text is null then 0 else 1 end, %(worker)s
from loaded
"""
_WORDS: dict[str, dict[str, str | None]] = {
    "doing": {"job": "running", "log": "in_progress", "outcome": None},
    "todo": {"job": "queued", "log": "queued", "outcome": None},
    "succeeded": {"job": "completed", "log": "success", "outcome": "success"},
}


def load_jobs(
    connection: psycopg.Connection[DictRow], jobs: int, queue: str, worker: int | None = None
) -> None:
    """``queue``: their queue rows' status; 50 that are ``doing`` hold the lock of each provider.

    The providers of ended ones are disabled.
    """
    connection.execute("set session_replication_role = replica")
    names = "ended" if queue == "succeeded" else "busy"
    words = {"rows": jobs, "queue": queue, "names": names, "worker": worker, **_WORDS[queue]}
    connection.execute(_PROVIDERS.encode(), words)
    connection.execute(_LOAD.encode(), words)
    connection.execute("reset session_replication_role")
    connection.execute("vacuum analyze")
