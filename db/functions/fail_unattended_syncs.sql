-- What waits behind a lock is not stuck, however long; what waits for a worker that never comes is. A worker that
-- starts shows itself before it cleans up, so that it runs what waited for it.
create or replace function public.fail_unattended_syncs()
returns table (syncs_found integer, syncs_failed integer)
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_timeout interval;
    v record;
    v_row procrastinate.procrastinate_jobs;
begin
    select s.queued_timeout into strict v_timeout from public.pricing_settings s;
    syncs_found := 0;
    syncs_failed := 0;
    if greatest(
        (select max(w.last_heartbeat) from procrastinate.procrastinate_workers w),
        (select t.last_tick_at from public.pricing_scheduler_ticks t where t.scheduler = 'worker')
    ) >= clock_timestamp() - v_timeout then
        return next;
        return;
    end if;
    for v in
        select q.id, l.attempt
        from procrastinate.procrastinate_jobs q
        join public.pricing_sync_log l on l.queue_job_id = q.id and l.attempt = q.attempts + 1
        where q.status = 'todo'
            and q.task_name = 'sync_provider'
            and l.queued_at < clock_timestamp() - v_timeout
        order by q.id
        limit 500
    loop
        syncs_found := syncs_found + 1;
        begin
            v_row := public.hold_stuck_sync(v.id);
            continue when v_row.status is distinct from 'todo' or v_row.attempts + 1 <> v.attempt;
            perform public.log_ended_attempt(
                v.id, v.attempt, 'failed', 'no_worker',
                format(
                    'No worker has been alive for %s hours',
                    trim_scale(round((extract(epoch from v_timeout) / 3600)::numeric, 2))
                )
            );
            update procrastinate.procrastinate_jobs q set status = 'failed' where q.id = v.id;
            syncs_failed := syncs_failed + 1;
        exception
            when others then
                raise warning 'pricing-sync: unattended queue row % could not be failed: %', v.id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;

comment on function public.fail_unattended_syncs() is
'Fail the syncs that have waited for queued_timeout, when no worker has been alive for as long.';
