-- What the projection could not write when it happened, and what hands left behind: each kind row by row, so that one
-- that cannot be mended does not stop the others.
create or replace function public.mend_pricing_jobs()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v record;
    v_row procrastinate.procrastinate_jobs;
    v_mended integer := 0;
begin
    -- Open queue rows whose job is gone or has ended, or whose log row is missing or behind. Before the next kind: a job
    -- whose last open log row is ended there would end with it, and what waits of it be stopped.
    for v in
        select
            q.id, q.attempts + 1 as attempt, q.status, q.worker_id, q.args ->> 'provider' as provider_slug, j.job_id,
            j.outcome is null and j.job_id is not null as has_open_job
        from procrastinate.procrastinate_jobs q
        left join public.pricing_sync_jobs j on j.job_id = (q.args ->> 'job_id')::uuid
        left join public.pricing_sync_log l on l.queue_job_id = q.id and l.attempt = q.attempts + 1
        where q.status in ('todo', 'doing')
            and q.task_name = 'sync_provider'
            and (
                j.job_id is null
                or j.outcome is not null
                or l.id is null
                or (q.status = 'doing' and l.status = 'queued')
            )
        order by q.id
        limit 500
    loop
        begin
            v_row := public.hold_stuck_sync(v.id);
            continue when v_row.status is distinct from v.status
                or v_row.attempts + 1 <> v.attempt
                or v.has_open_job <> exists (
                    select from public.pricing_sync_jobs j where j.job_id = v.job_id and j.outcome is null
                );
            if not v.has_open_job then
                v_mended := v_mended
                    + public.stop_provider_sync(v.id, 'stopped', 'Its job has ended or is gone')::integer;
                continue;
            end if;
            perform public.log_queued_attempt(v.id, v.attempt, v.job_id, v.provider_slug);
            if v.status = 'doing' then
                update public.pricing_sync_log l
                set status = 'in_progress',
                    worker_id = v.worker_id,
                    sync_started_at = coalesce(
                        (
                            select max(e.at)
                            from procrastinate.procrastinate_events e
                            where e.job_id = v.id and e.type = 'started'
                        ),
                        clock_timestamp()
                    )
                where l.queue_job_id = v.id and l.attempt = v.attempt and l.status = 'queued';
            end if;
            perform public.settle_pricing_job(v.job_id);
            v_mended := v_mended + 1;
        exception
            when others then
                raise warning 'pricing-sync: the log of queue row % could not be mended: %', v.id, sqlerrm;
        end;
    end loop;

    -- Log rows still open whose queue row has moved on or is gone.
    for v in
        -- Materialized: for the order of a few the planner would walk through all that ever ended.
        with open_logs as materialized (
            select l.id, l.job_id, l.queue_job_id, l.attempt
            from public.pricing_sync_log l
            where l.status in ('queued', 'in_progress')
                -- Younger ones may belong to a transaction that is about to move both.
                and l.queued_at < clock_timestamp() - interval '10 seconds'
        )
        select l.id, l.job_id, l.queue_job_id, l.attempt, q.id is null as is_gone
        from open_logs l
        left join procrastinate.procrastinate_jobs q on q.id = l.queue_job_id
        where q.id is null
            or q.attempts >= l.attempt
            or q.status not in ('todo', 'doing')
        order by l.id
        limit 500
    loop
        begin
            if v.is_gone then
                perform from public.pricing_sync_jobs j where j.job_id = v.job_id for no key update skip locked;
                continue when not found;
            else
                v_row := public.hold_stuck_sync(v.queue_job_id);
                continue when v_row.id is null
                    or (v_row.status in ('todo', 'doing') and v_row.attempts + 1 = v.attempt);
            end if;
            perform public.log_ended_attempt(
                v.queue_job_id, v.attempt, 'failed',
                case when v.is_gone then 'queue_row_deleted' else 'ended_outside' end,
                case when v.is_gone
                    then 'The queue row was deleted before the sync ended'
                    else 'The queue row was ended outside of pricing-sync'
                end
            );
            perform public.settle_pricing_job(v.job_id);
            v_mended := v_mended + 1;
        exception
            when others then
                raise warning 'pricing-sync: log row % could not be mended: %', v.id, sqlerrm;
        end;
    end loop;

    -- Open jobs of which nothing is open, or that do not know of an end.
    for v in
        select j.job_id
        from public.pricing_sync_jobs j
        where j.status in ('queued', 'running')
            and (
                not exists (
                    select
                    from public.pricing_sync_log l
                    where l.job_id = j.job_id and l.status in ('queued', 'in_progress')
                )
                -- One whose log row is missing still, because somebody has it, is open all the same.
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
        order by j.triggered_at
        limit 500
    loop
        begin
            perform from public.pricing_sync_jobs j where j.job_id = v.job_id for no key update skip locked;
            continue when not found;
            perform public.settle_pricing_job(v.job_id);
            v_mended := v_mended + 1;
        exception
            when others then
                raise warning 'pricing-sync: job % could not be mended: %', v.job_id, sqlerrm;
        end;
    end loop;
    return v_mended;
end;
$$;

comment on function public.mend_pricing_jobs() is
'Bring log rows and jobs in line with queue rows that ended, moved or disappeared without them; returns how many it mended.';
