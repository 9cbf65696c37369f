-- Row by row, without rows that another session changes: a row that fails does not stop the others.
create or replace function public.expire_stalled_syncs()
returns table (syncs_found integer, syncs_released integer)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_max_attempts integer;
    v record;
    v_row procrastinate.procrastinate_jobs;
    v_lost integer;
begin
    select s.max_attempts into strict v_max_attempts from public.pricing_settings s;
    syncs_found := 0;
    syncs_released := 0;
    for v in
        select e.queue_job_id, e.attempt
        from public.pricing_sync_expiry e
        where e.reason = 'worker_lost' and e.since < clock_timestamp() - e.allowed
        order by e.queue_job_id
        limit 500
    loop
        syncs_found := syncs_found + 1;
        begin
            v_row := public.lock_stuck_sync('worker_lost', v.queue_job_id, v.attempt);
            continue when v_row.id is null;

            select count(*)::integer into v_lost
            from public.pricing_sync_log l
            where l.queue_job_id = v.queue_job_id and l.error_kind = 'worker_lost';

            if v_row.abort_requested then
                perform public.stop_provider_sync(v.queue_job_id, 'cancelled', 'Cancelled');
            elsif v_lost + 1 >= v_max_attempts then
                perform public.end_provider_sync(
                    v.queue_job_id, v.attempt, 'failed', 'worker_lost',
                    format('Its worker was lost %s times; it is not tried again', v_lost + 1)
                );
            else
                perform public.requeue_provider_sync(
                    v.queue_job_id, v.attempt, 'failed', 'worker_lost', 'The worker was lost; the sync was queued again'
                );
            end if;
            syncs_released := syncs_released + 1;
        exception
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: stalled queue row % could not be released: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;

comment on function public.expire_stalled_syncs() is
'Expire the running syncs of workers without a heartbeat within the lease: queue them again, or fail them after max_attempts.';
