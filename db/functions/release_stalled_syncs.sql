-- Row by row, and only rows that nobody else is settling: one that cannot be settled must not stop the others.
create or replace function public.release_stalled_syncs()
returns table (syncs_found integer, syncs_released integer)
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_settings public.pricing_settings;
    v_row procrastinate.procrastinate_jobs;
    v_id bigint;
    v_lost integer;
begin
    select s.* into strict v_settings from public.pricing_settings s;
    syncs_found := 0;
    syncs_released := 0;
    for v_id in
        select q.id
        from procrastinate.procrastinate_jobs q
        left join procrastinate.procrastinate_workers w on w.id = q.worker_id
        where q.status = 'doing'
            and q.task_name = 'sync_provider'
            and (w.id is null or w.last_heartbeat < clock_timestamp() - v_settings.lease)
        order by q.id
        limit 500
    loop
        syncs_found := syncs_found + 1;
        begin
            v_row := public.hold_stuck_sync(v_id);
            continue when v_row.status is distinct from 'doing'
                or exists (
                    select
                    from procrastinate.procrastinate_workers w
                    where w.id = v_row.worker_id and w.last_heartbeat >= clock_timestamp() - v_settings.lease
                );

            select count(*)::integer into v_lost
            from public.pricing_sync_log l
            where l.queue_job_id = v_id and l.error_kind = 'worker_lost';

            if v_row.abort_requested then
                perform public.stop_provider_sync(v_id, 'cancelled', 'Cancelled');
            elsif v_lost + 1 >= v_settings.max_attempts then
                perform public.end_provider_sync(
                    v_id, v_row.attempts + 1, 'failed', 'worker_lost',
                    format('Its worker was lost %s times; it is not tried again', v_lost + 1)
                );
            else
                perform public.requeue_provider_sync(
                    v_id, v_row.attempts + 1, 'failed', 'worker_lost', 'The worker was lost; the sync was queued again'
                );
            end if;
            syncs_released := syncs_released + 1;
        exception
            when others then
                raise warning 'pricing-sync: stalled queue row % could not be released: %', v_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;

comment on function public.release_stalled_syncs() is
'Take back the running syncs of workers without a heartbeat within the lease: queue them again, or fail them after max_attempts.';
