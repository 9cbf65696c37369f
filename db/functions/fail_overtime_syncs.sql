create or replace function public.fail_overtime_syncs(p_timeout interval)
returns table (syncs_found integer, syncs_failed integer)
language plpgsql
security definer
set search_path = ''
as $$
declare
    v record;
    v_row procrastinate.procrastinate_jobs;
begin
    syncs_found := 0;
    syncs_failed := 0;
    for v in
        select q.id, q.attempts + 1 as attempt, limits.timeout
        from procrastinate.procrastinate_jobs q
        left join public.pricing_providers p on p.slug = q.args ->> 'provider'
        -- A provider that was deleted while its sync runs has no timeout of its own any more.
        cross join lateral (select coalesce(p_timeout, p.timeout, interval '10 minutes') as timeout) as limits
        left join public.pricing_sync_log l on l.queue_job_id = q.id and l.attempt = q.attempts + 1
        -- Without a live worker it is stalled, not slow: then it is queued again, however old.
        join procrastinate.procrastinate_workers w on w.id = q.worker_id
        cross join public.pricing_settings s
        where q.status = 'doing'
            and q.task_name = 'sync_provider'
            and w.last_heartbeat >= clock_timestamp() - s.lease
            and coalesce(
                l.sync_started_at,
                -- The log row may be missing; the engine's own record of the fetch is not.
                (
                    select max(e.at)
                    from procrastinate.procrastinate_events e
                    where e.job_id = q.id and e.type = 'started'
                )
            ) < clock_timestamp() - limits.timeout
        order by q.id
        limit 500
    loop
        syncs_found := syncs_found + 1;
        begin
            v_row := public.hold_stuck_sync(v.id);
            continue when v_row.status is distinct from 'doing' or v_row.attempts + 1 <> v.attempt;

            -- The flag tells a live worker to drop what it does; the end does not wait for it.
            update procrastinate.procrastinate_jobs q set abort_requested = true where q.id = v.id;
            perform public.end_provider_sync(
                v.id, v.attempt, 'failed', 'timeout',
                format(
                    'Sync timeout - auto-cleaned after %s minutes',
                    trim_scale(round((extract(epoch from v.timeout) / 60)::numeric, 2))
                )
            );
            syncs_failed := syncs_failed + 1;
        exception
            when others then
                raise warning 'pricing-sync: overtime queue row % could not be failed: %', v.id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;

comment on function public.fail_overtime_syncs(interval) is
'Abort and fail the attempts that run longer than this, or than their provider''s timeout when it is null; also under a live worker.';
