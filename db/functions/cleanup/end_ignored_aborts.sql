-- An abort requested through the engine takes effect when the worker obeys. A worker that has not within the lease does
-- not get notifications, or hangs, even if its heartbeat goes on.
create or replace function public.end_ignored_aborts()
returns table (syncs_found integer, syncs_ended integer)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v record;
begin
    syncs_found := 0;
    syncs_ended := 0;
    for v in
        select e.queue_job_id, e.attempt
        from public.pricing_sync_expiry e
        where e.reason = 'abort_ignored' and e.since < clock_timestamp() - e.allowed
        order by e.queue_job_id
        limit 500
    loop
        syncs_found := syncs_found + 1;
        begin
            continue when (public.lock_stuck_sync('abort_ignored', v.queue_job_id, v.attempt)).id is null;
            if public.stop_provider_sync(v.queue_job_id, 'cancelled', 'Cancelled; its worker did not obey the abort') then
                syncs_ended := syncs_ended + 1;
            end if;
        exception
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: queue row % with an ignored abort could not be cancelled: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;

comment on function public.end_ignored_aborts() is
'Cancel the running syncs whose worker has not obeyed an abort within the lease.';
