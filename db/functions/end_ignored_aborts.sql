-- An abort that was asked for through the engine ends when the worker obeys. One that does not within the lease is
-- deaf or stuck, alive as it may be.
create or replace function public.end_ignored_aborts()
returns table (syncs_found integer, syncs_ended integer)
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_row procrastinate.procrastinate_jobs;
    v_id bigint;
begin
    syncs_found := 0;
    syncs_ended := 0;
    for v_id in
        select q.id
        from procrastinate.procrastinate_jobs q
        cross join public.pricing_settings s
        where q.status = 'doing'
            and q.task_name = 'sync_provider'
            and q.abort_requested
            and not exists (
                select
                from procrastinate.procrastinate_events e
                where e.job_id = q.id and e.type = 'abort_requested' and e.at >= clock_timestamp() - s.lease
            )
        order by q.id
        limit 500
    loop
        syncs_found := syncs_found + 1;
        begin
            v_row := public.hold_stuck_sync(v_id);
            continue when v_row.status is distinct from 'doing' or not v_row.abort_requested;
            if public.stop_provider_sync(v_id, 'cancelled', 'Cancelled; its worker did not answer the abort') then
                syncs_ended := syncs_ended + 1;
            end if;
        exception
            when others then
                raise warning 'pricing-sync: the abort of queue row % could not be ended: %', v_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;

comment on function public.end_ignored_aborts() is
'End the running syncs whose worker has not obeyed an abort within the lease.';
