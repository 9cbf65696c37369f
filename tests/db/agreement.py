"""Compare queue, log, jobs and locks, from the tables alone."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import tuple_row

# One row for each contradiction. There is none after any transaction. Only a projection that could
# not write, and changes made past the triggers, may leave some until the next clean-up.
_DISAGREEMENTS = """
with
queue_row as (
    select
        q.*,
        q.attempts + 1 as attempt,
        q.args ->> 'job_id' as job_id,
        q.args ->> 'provider' as provider,
        q.status in ('todo', 'doing') as is_open,
        format('queue row %s (%s, %s)', q.id, q.args ->> 'provider', q.status) as it
    from procrastinate.procrastinate_jobs q
    where q.task_name = 'sync_provider'
),
attempt as (
    select
        l.*,
        l.status in ('queued', 'in_progress') as is_open,
        format(
            'attempt %s of queue row %s (%s, %s)',
            l.attempt,
            l.queue_job_id,
            l.provider_slug,
            l.status
        ) as it
    from public.pricing_sync_log l
),
job as (
    select
        j.*,
        j.status in ('queued', 'running') as is_open,
        format('job %s (%s)', j.job_id, j.status) as it
    from public.pricing_sync_jobs j
),
latest as (
    select distinct on (l.job_id, l.provider_slug) l.*
    from public.pricing_sync_log l
    order by l.job_id, l.provider_slug, l.id desc
),
summary as (
    select
        job_id,
        count(*) as total,
        count(*) filter (where status = 'success') as succeeded,
        count(*) filter (where status = 'failed') as failed,
        count(*) filter (where status = 'cancelled') as cancelled,
        count(*) filter (where status in ('queued', 'in_progress')) as open,
        sum(models_fetched) as fetched,
        sum(models_updated) as updated,
        sum(models_skipped) as skipped,
        jsonb_object_agg(provider_slug, status) as statuses
    from latest
    group by job_id
),
beginning as (
    select job_id, min(sync_started_at) as started_at from public.pricing_sync_log group by job_id
)

-- Queue and log.
select format('%s has no log row of attempt %s', q.it, q.attempt)
from queue_row q
where q.is_open
    and not exists (select from attempt l where l.queue_job_id = q.id and l.attempt = q.attempt)
union all
select format('%s says otherwise than the log: %s', q.it, l.it)
from queue_row q
join attempt l on l.queue_job_id = q.id and l.attempt = q.attempt
where q.is_open and l.status <> (case q.status when 'todo' then 'queued' else 'in_progress' end)
union all
select format('%s is open, but its queue row is %s', l.it, coalesce(q.status::text, 'gone'))
from attempt l
left join queue_row q on q.id = l.queue_job_id
where l.is_open and (q.id is null or not q.is_open or q.attempt <> l.attempt)
union all
select format('%s is ahead of its queue row, which has ended %s', l.it, q.attempts)
from attempt l
join queue_row q on q.id = l.queue_job_id
where l.attempt > q.attempt
union all
select format('%s wrote prices, but %s', l.it, q.it)
from attempt l
join queue_row q on q.id = l.queue_job_id
where l.status = 'success' and q.attempts = l.attempt and q.status <> 'succeeded'
union all
select format('%s is of another job or provider than %s', l.it, q.it)
from attempt l
join queue_row q on q.id = l.queue_job_id
where l.job_id::text is distinct from q.job_id or l.provider_slug is distinct from q.provider

-- Each queue row by itself.
union all
select format('%s names a worker or an abort', q.it)
from queue_row q
where q.status <> 'doing' and (q.worker_id is not null or q.abort_requested)
union all
select format('%s lost its lock, queue, priority or time', q.it)
from queue_row q
where q.lock is distinct from 'pricing_sync:' || q.provider
    or q.queue_name <> 'pricing'
    or q.priority <> 0
    or q.scheduled_at is not null
    or q.queueing_lock is not null

-- Each log row by itself.
union all
select format(
    '%s has the wrong times: %s, %s, %s', l.it, l.sync_started_at, l.sync_completed_at, l.applied_at
)
from attempt l
where (l.sync_completed_at is null) <> l.is_open
    or (l.status = 'queued' and l.sync_started_at is not null)
    or (l.status in ('in_progress', 'success') and l.sync_started_at is null)
    or l.sync_completed_at < coalesce(l.sync_started_at, l.queued_at)
    or (l.applied_at is null) = (l.status = 'success')
union all
select format('%s has the wrong error: %s, %s', l.it, l.errors, coalesce(l.error_kind, 'none'))
from attempt l
where l.errors <> (case l.status when 'failed' then 1 else 0 end)
    or (l.error_kind is null) = (l.status in ('failed', 'cancelled'))
    or (l.error_message is null) <> (l.error_kind is null)

-- Queue and jobs.
union all
select format('%s is open under %s', q.it, coalesce(j.it, 'no job'))
from queue_row q
left join job j on j.job_id::text = q.job_id
where q.is_open and j.is_open is not true

-- Each job by itself.
union all
select format(
    '%s has outcome %s and ended at %s, saying %s',
    j.it,
    coalesce(j.outcome, 'null'),
    coalesce(j.completed_at::text, 'null'),
    coalesce(quote_literal(j.error_message), 'nothing')
)
from job j
where (j.completed_at is null) <> j.is_open
    or case j.status
        when 'completed' then j.outcome not in ('success', 'partial')
        when 'failed' then j.outcome <> 'failed'
        when 'cancelled' then j.outcome <> 'cancelled'
        else j.outcome is not null
    end
    or j.completed_at < j.started_at
    or (j.stopped_at is not null and j.status not in ('failed', 'cancelled'))
    or (j.error_message is null and j.outcome is distinct from 'success' and not j.is_open)

-- Jobs and log.
union all
select format('%s is open, but nothing of it is', j.it)
from job j
where j.is_open and not exists (select from attempt l where l.job_id = j.job_id and l.is_open)
union all
select format('%s has ended, but %s', j.it, l.it)
from job j
join attempt l using (job_id)
where not j.is_open and l.is_open
union all
select format('%s started at %s, its first attempt at %s', j.it, j.started_at, b.started_at)
from job j
join beginning b using (job_id)
-- One that was on its way when a person ended the job may start after that end.
where (j.started_at is null and b.started_at is not null and j.stopped_at is null)
    or (j.status = 'queued' and j.started_at is not null)
    or (j.status = 'running' and j.started_at is null)
union all
select format(
    '%s counts %s, its attempts %s',
    j.it,
    array[
        j.providers_total, j.providers_synced, j.providers_failed, j.total_errors,
        j.models_fetched, j.models_updated, j.models_skipped
    ],
    array[s.total, s.succeeded, s.failed + s.cancelled, s.failed, s.fetched, s.updated, s.skipped]
)
from job j
join summary s using (job_id)
where (
        j.providers_total, j.providers_synced, j.providers_failed, j.total_errors,
        j.models_fetched, j.models_updated, j.models_skipped
    ) is distinct from (
        s.total, s.succeeded, s.failed + s.cancelled, s.failed, s.fetched, s.updated, s.skipped
    )
    -- A job that nothing has happened to is as its trigger wrote it.
    and not (
        j.status = 'queued' and j.revision = 0 and s.open = s.total and j.providers_total = s.total
    )
union all
select format('%s has results %s, its attempts %s', j.it, r.statuses, s.statuses)
from job j
join summary s using (job_id)
cross join lateral (
    select jsonb_object_agg(e.key, e.value -> 'status') as statuses
    from jsonb_each(coalesce(j.result_data -> 'providers', '{}')) as e
) as r
where r.statuses is distinct from s.statuses
    and not (j.status = 'queued' and j.revision = 0 and s.open = s.total)
union all
select format('%s has ended by itself as %s, its attempts as %s', j.it, j.outcome, s.statuses)
from job j
join summary s using (job_id)
where not j.is_open
    and j.stopped_at is null
    and j.outcome <> case
        when s.succeeded = s.total then 'success'
        when s.succeeded > 0 then 'partial'
        when s.failed > 0 then 'failed'
        else 'cancelled'
    end

-- Locks.
union all
select format('%s holds its lock %s times', q.it, count(k.lock_key))
from queue_row q
left join public.pricing_sync_lock k
    on k.lock_key = q.lock and k.job_id::text = q.job_id and k.locked_at is not null
where q.status = 'doing'
group by q.id, q.it
having count(k.lock_key) <> 1
union all
select format('%s locks are held, %s syncs run', k.held, q.running)
from (
    select count(*) as held from public.pricing_sync_lock where lock_key <> 'pricing_sync_global'
) as k
cross join (select count(*) as running from queue_row where status = 'doing') as q
where k.held <> q.running
"""


def disagreements(connection: psycopg.Connection[Any]) -> list[str]:
    """Contradictions between queue, log, jobs and locks, a sentence each; as superuser or owner."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [line for (line,) in cursor.execute(_DISAGREEMENTS.encode())]


def assert_agreed(connection: psycopg.Connection[Any]) -> None:
    """Assert that queue, log, jobs and locks agree in this connection, also within a
    transaction."""
    found = disagreements(connection)
    assert not found, "\n".join(found)
