-- What cleanup_stuck_pricing_syncs would settle, by the same rules and in the same order, and settles nothing: for
-- people who look first, and for the doctor.
create or replace function public.stuck_pricing_syncs()
returns table (reason text, provider_slug text, queue_job_id bigint, job_id uuid)
language sql
stable
security invoker
set search_path = ''
as $$
    with attended as (
        select coalesce(
            greatest(
                (select max(w.last_heartbeat) from procrastinate.procrastinate_workers w),
                (select t.last_tick_at from public.pricing_scheduler_ticks t where t.scheduler = 'worker')
            ) >= clock_timestamp() - s.queued_timeout,
            false
        ) as is_attended
        from public.pricing_settings s
    ),
    open_rows as (
        select
            q.id,
            q.status,
            q.args ->> 'provider' as provider_slug,
            (q.args ->> 'job_id')::uuid as job_id,
            case
                when j.job_id is null or j.outcome is not null
                    or l.id is null or (q.status = 'doing' and l.status = 'queued')
                    then 'adrift'
                when q.status = 'todo' and not p.enabled then 'disabled'
                when q.status = 'todo' and not a.is_attended and l.queued_at < clock_timestamp() - s.queued_timeout
                    then 'no_worker'
                when q.status = 'doing'
                    and coalesce(w.last_heartbeat < clock_timestamp() - s.lease, true)
                    then 'worker_lost'
                when q.status = 'doing' and q.abort_requested
                    and not exists (
                        select
                        from procrastinate.procrastinate_events e
                        where e.job_id = q.id and e.type = 'abort_requested' and e.at >= clock_timestamp() - s.lease
                    )
                    then 'abort_ignored'
                when q.status = 'doing'
                    and l.sync_started_at < clock_timestamp() - coalesce(p.timeout, interval '10 minutes')
                    then 'timeout'
            end as reason
        from procrastinate.procrastinate_jobs q
        cross join public.pricing_settings s
        cross join attended a
        left join procrastinate.procrastinate_workers w on w.id = q.worker_id
        left join public.pricing_providers p on p.slug = q.args ->> 'provider'
        left join public.pricing_sync_jobs j on j.job_id = (q.args ->> 'job_id')::uuid
        -- One look into an index for each open row, however many have ended: a join would read those too.
        left join lateral (
            select l.id, l.status, l.queued_at, l.sync_started_at
            from public.pricing_sync_log l
            where l.queue_job_id = q.id and l.attempt = q.attempts + 1
            limit 1
        ) l on true
        where q.status in ('todo', 'doing') and q.task_name = 'sync_provider'
    )
    select r.reason, r.provider_slug, r.id, r.job_id
    from open_rows r
    where r.reason is not null
    union all
    -- Log rows still open whose queue row has moved on or is gone; younger ones may be about to follow it.
    select 'adrift', l.provider_slug, l.queue_job_id, l.job_id
    from public.pricing_sync_log l
    left join lateral (
        select q.id, q.attempts, q.status from procrastinate.procrastinate_jobs q where q.id = l.queue_job_id limit 1
    ) q on true
    where l.status in ('queued', 'in_progress')
        and l.queued_at < clock_timestamp() - interval '10 seconds'
        and (q.id is null or q.attempts >= l.attempt or q.status not in ('todo', 'doing'))
    union all
    -- Open jobs of which nothing is open, or that do not know of an end.
    select 'adrift', null, null, j.job_id
    from public.pricing_sync_jobs j
    where j.status in ('queued', 'running')
        and (
            not exists (
                select
                from public.pricing_sync_log l
                where l.job_id = j.job_id and l.status in ('queued', 'in_progress')
            )
            and not exists (select from open_rows r where r.job_id = j.job_id)
            or exists (
                select
                from public.pricing_provider_syncs s
                where s.job_id = j.job_id
                    and s.status not in ('queued', 'in_progress')
                    and coalesce(j.result_data #>> array['providers', s.provider, 'status'], 'queued')
                        in ('queued', 'in_progress')
            )
        );
$$;

comment on function public.stuck_pricing_syncs() is
'What is stuck now, and why: worker_lost, abort_ignored, timeout, disabled, no_worker, or adrift (queue, log and job disagree); cleanup_stuck_pricing_syncs settles it.';
