create or replace function public.fail_overtime_syncs(p_timeout interval)
returns table (syncs_found integer, syncs_failed integer)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v record;
begin
    syncs_found := 0;
    syncs_failed := 0;
    for v in
        select e.queue_job_id, e.attempt, coalesce(p_timeout, e.allowed) as timeout
        from public.pricing_sync_expiry e
        where e.reason = 'timeout' and e.since < clock_timestamp() - coalesce(p_timeout, e.allowed)
        order by e.queue_job_id
        limit 500
    loop
        syncs_found := syncs_found + 1;
        begin
            continue when (public.lock_stuck_sync('timeout', v.queue_job_id, v.attempt, p_timeout)).id is null;

            -- For a live worker, as in stop_provider_sync.
            update procrastinate.procrastinate_jobs q set abort_requested = true where q.id = v.queue_job_id;
            perform public.end_provider_sync(
                v.queue_job_id, v.attempt, 'failed', 'timeout',
                format(
                    'Sync timeout - auto-cleaned after %s minutes',
                    trim_scale(round((extract(epoch from v.timeout) / 60)::numeric, 2))
                )
            );
            syncs_failed := syncs_failed + 1;
        exception
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: overtime queue row % could not be failed: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;

comment on function public.fail_overtime_syncs(interval) is
'Abort and fail the attempts that run longer than this (null: than their provider''s timeout), also of a live worker.';
