-- after: pricing_timeout_message, pricing_worker_heartbeats
-- The only rule of what is stuck, why, and what is done about it. settle_stuck_syncs reads the rows of one reason here, and
-- reads each again once it has locked it (lock_stuck_sync); people read stuck_pricing_syncs.
-- A view, not a function, so that only the branch of the requested reason runs, and one queue row is found by its id.
-- What belongs to an open row is looked up per row (limit 1): a join would read all ended rows too.
create or replace view public.pricing_sync_expiry
with (security_invoker = true)
as
-- Open queue rows whose job is gone or has ended, or whose log row is missing or behind.
select
    'queue_row_adrift' as reason,
    q.args ->> 'provider' as provider_slug,
    q.id as queue_job_id,
    q.attempts + 1 as attempt,
    (q.args ->> 'job_id')::uuid as job_id,
    '-infinity'::timestamptz as since,
    interval '0' as allowed,
    case when j.job_id is null or j.outcome is not null then 'cancelled' else 'reconciled' end as action,
    case when j.job_id is null or j.outcome is not null then 'stopped' end as error_kind,
    case when j.job_id is null or j.outcome is not null then 'Its job has ended or is gone' end as message
from procrastinate.procrastinate_jobs q
left join lateral (
    select j.job_id, j.outcome
    from public.pricing_sync_jobs j
    where j.job_id = (q.args ->> 'job_id')::uuid
    limit 1
) j on true
left join lateral (
    select l.id, l.status
    from public.pricing_sync_log l
    where l.queue_job_id = q.id and l.attempt = q.attempts + 1
    limit 1
) l on true
where q.status in ('todo', 'doing')
    and q.task_name = 'sync_provider'
    and (j.job_id is null or j.outcome is not null or l.id is null or (q.status = 'doing' and l.status = 'queued'))
union all
-- Open log rows whose queue row has moved on or is gone; younger ones may belong to a transaction that is about to move
-- both.
select
    'log_row_adrift', l.provider_slug, l.queue_job_id, l.attempt, l.job_id, l.queued_at, interval '10 seconds',
    'reconciled',
    case when q.id is null then 'queue_row_deleted' else 'ended_outside' end,
    case when q.id is null
        then 'The queue row was deleted before the sync ended'
        else 'The queue row was ended outside of pricing-sync'
    end
from public.pricing_sync_log l
left join lateral (
    select q.id, q.attempts, q.status
    from procrastinate.procrastinate_jobs q
    where q.id = l.queue_job_id
    limit 1
) q on true
where l.status in ('queued', 'in_progress')
    and (q.id is null or q.attempts >= l.attempt or q.status not in ('todo', 'doing'))
union all
-- Open jobs without an open attempt, or without the latest end of one.
select 'job_adrift', null, null, null, j.job_id, '-infinity', interval '0', 'reconciled', null, null
from public.pricing_sync_jobs j
where j.status in ('queued', 'running')
    and (
        not exists (
            select
            from public.pricing_sync_log l
            where l.job_id = j.job_id and l.status in ('queued', 'in_progress')
        )
        -- A queue row whose log row is still missing is open all the same.
        and not exists (
            select
            from procrastinate.procrastinate_jobs q
            where q.status in ('todo', 'doing')
                and q.task_name = 'sync_provider'
                and q.args ->> 'job_id' = j.job_id::text
        )
        or exists (
            select
            from public.pricing_sync_log l
            where l.job_id = j.job_id
                and l.status not in ('queued', 'in_progress')
                and coalesce(j.result_data #>> array['providers', l.provider_slug, 'status'], 'queued')
                    in ('queued', 'in_progress')
                and not exists (
                    select
                    from public.pricing_sync_log newer
                    where newer.job_id = l.job_id and newer.provider_slug = l.provider_slug and newer.id > l.id
                )
        )
    )
union all
-- Attempts given up while their rows were locked: no worker runs them, and they count neither as lost nor as slow.
select
    'given_up', q.args ->> 'provider', q.id, q.attempts + 1, (q.args ->> 'job_id')::uuid, g.given_up_at, interval '0',
    case when q.abort_requested then 'cancelled' else 'requeued' end,
    case when q.abort_requested then 'cancelled' else 'locked' end,
    case when q.abort_requested then 'Cancelled' else g.message end
from public.pricing_given_up_syncs g
join procrastinate.procrastinate_jobs q on q.id = g.queue_job_id and q.attempts + 1 = g.attempt
where q.status = 'doing' and q.task_name = 'sync_provider'
union all
select
    'disabled', q.args ->> 'provider', q.id, q.attempts + 1, (q.args ->> 'job_id')::uuid, '-infinity', interval '0',
    'cancelled', 'disabled', 'The provider was disabled or deleted while its sync waited'
from procrastinate.procrastinate_jobs q
where q.status = 'todo'
    and q.task_name = 'sync_provider'
    -- Disabled, deleted or renamed.
    and not exists (
        select from public.pricing_providers p where 'pricing_sync:' || p.slug = q.lock and p.enabled
    )
union all
select
    'worker_lost', q.args ->> 'provider', q.id, q.attempts + 1, (q.args ->> 'job_id')::uuid,
    coalesce(w.last_heartbeat, '-infinity'),
    s.lease,
    case
        when q.abort_requested then 'cancelled'
        when lost.times >= s.max_attempts then 'failed'
        else 'requeued'
    end,
    case when q.abort_requested then 'cancelled' else 'worker_lost' end,
    case
        when q.abort_requested then 'Cancelled'
        when lost.times >= s.max_attempts
            then format('Its worker was lost %s times; it is not tried again', lost.times)
        else 'The worker was lost; the sync was queued again'
    end
from procrastinate.procrastinate_jobs q
cross join public.pricing_settings s
left join public.pricing_worker_heartbeats w on w.worker_id = q.worker_id
-- This time included.
left join lateral (
    select 1 + count(*) as times
    from public.pricing_sync_log l
    where l.queue_job_id = q.id and l.error_kind = 'worker_lost'
) as lost on true
where q.status = 'doing' and q.task_name = 'sync_provider'
    and not exists (
        select from public.pricing_given_up_syncs g where g.queue_job_id = q.id and g.attempt = q.attempts + 1
    )
union all
-- Whether its worker is alive or not: it gets no notifications, or hangs.
select
    'abort_ignored', q.args ->> 'provider', q.id, q.attempts + 1, (q.args ->> 'job_id')::uuid,
    coalesce(
        (
            select max(e.at)
            from procrastinate.procrastinate_events e
            where e.job_id = q.id and e.type = 'abort_requested'
        ),
        '-infinity'
    ),
    s.lease,
    'cancelled', 'cancelled', 'Cancelled; its worker did not obey the abort'
from procrastinate.procrastinate_jobs q
cross join public.pricing_settings s
where q.status = 'doing' and q.task_name = 'sync_provider' and q.abort_requested
union all
select
    'timeout', q.args ->> 'provider', q.id, q.attempts + 1, (q.args ->> 'job_id')::uuid,
    coalesce(
        l.sync_started_at,
        -- The log row may be missing; the engine's event of the fetch is there.
        (select max(e.at) from procrastinate.procrastinate_events e where e.job_id = q.id and e.type = 'started')
    ),
    -- For a provider that was deleted while its sync ran.
    coalesce(p.timeout, interval '10 minutes'),
    'failed', 'timeout', public.pricing_timeout_message(coalesce(p.timeout, interval '10 minutes'))
from procrastinate.procrastinate_jobs q
cross join public.pricing_settings s
-- Only with a live worker: otherwise it is lost, not slow, and is queued again however old.
join public.pricing_worker_heartbeats w
    on w.worker_id = q.worker_id and w.last_heartbeat >= clock_timestamp() - s.lease
left join public.pricing_providers p on p.slug = q.args ->> 'provider'
left join lateral (
    select l.sync_started_at
    from public.pricing_sync_log l
    where l.queue_job_id = q.id and l.attempt = q.attempts + 1
    limit 1
) l on true
where q.status = 'doing' and q.task_name = 'sync_provider'
    and not exists (
        select from public.pricing_given_up_syncs g where g.queue_job_id = q.id and g.attempt = q.attempts + 1
    )
union all
-- A sync that waits behind a lock is not stuck, however long; one that waits without any live worker is.
select
    'no_worker', q.args ->> 'provider', q.id, q.attempts + 1, (q.args ->> 'job_id')::uuid,
    l.queued_at,
    s.queued_timeout,
    'failed', 'no_worker',
    format(
        'No worker has been alive for %s hours',
        trim_scale(round((extract(epoch from s.queued_timeout) / 3600)::numeric, 2))
    )
from procrastinate.procrastinate_jobs q
cross join public.pricing_settings s
cross join lateral (
    select l.queued_at
    from public.pricing_sync_log l
    where l.queue_job_id = q.id and l.attempt = q.attempts + 1
    limit 1
) l
where q.status = 'todo'
    and q.task_name = 'sync_provider'
    -- Independent of the row, so evaluated once.
    and not exists (
        select
        from public.pricing_settings s
        where greatest(
            (select max(w.last_heartbeat) from public.pricing_worker_heartbeats w),
            (select t.last_tick_at from public.pricing_scheduler_ticks t where t.scheduler = 'worker')
        ) >= clock_timestamp() - s.queued_timeout
    );

comment on view public.pricing_sync_expiry is
'Provider syncs, log rows and jobs that may be stuck, why, and what the clean-up then does: a row is stuck once `since` is longer ago than `allowed`. One may have several reasons.';
comment on column public.pricing_sync_expiry.attempt is 'Of the log row; of a queue row the one that waits or runs.';
comment on column public.pricing_sync_expiry.since is 'When it began, or was last seen alive; -infinity when there is no such time, or it is stuck at once.';
comment on column public.pricing_sync_expiry.allowed is 'How long that may go on: a setting, or the provider''s timeout.';
comment on column public.pricing_sync_expiry.reason is 'One word for each reason; docs/operations.md explains them.';
comment on column public.pricing_sync_expiry.provider_slug is 'The provider, pricing_providers.slug.';
comment on column public.pricing_sync_expiry.queue_job_id is 'The queue row, procrastinate.procrastinate_jobs.id; null for a job.';
comment on column public.pricing_sync_expiry.job_id is 'The job, pricing_sync_jobs.job_id.';
comment on column public.pricing_sync_expiry.action is 'What the clean-up does: the sync is cancelled, failed or requeued, or log row and job are reconciled with the queue row.';
comment on column public.pricing_sync_expiry.error_kind is 'With which the attempt then ends; null where none ends.';
comment on column public.pricing_sync_expiry.message is 'The error_message with which the attempt then ends.';
