-- The lock is the running queue row: releasing it takes the row away from its worker and queues it again. Rows that
-- another session changes are skipped: those syncs are ending, and the lock with them.
create or replace function public.release_pricing_lock()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_row procrastinate.procrastinate_jobs;
    v_skipped boolean := false;
    v_id bigint;
    v_released jsonb := jsonb_build_array();
begin
    for v_id in
        select h.queue_job_id
        from public.running_sync_locks() h
        where old.lock_key in (h.lock_key, 'pricing_sync_global')
        order by h.queue_job_id
    loop
        select q.* into v_row
        from procrastinate.procrastinate_jobs q
        where q.id = v_id and q.status = 'doing'
        for no key update skip locked;
        if not found or not public.lock_log_row(v_id, v_row.attempts + 1) then
            v_skipped := true;
        elsif v_row.abort_requested then
            perform public.stop_provider_sync(v_id, 'cancelled', 'Cancelled');
            v_released := v_released || v_row.args;
        else
            perform public.requeue_provider_sync(
                v_id, v_row.attempts + 1, 'cancelled', 'lock_released',
                format('Its lock was released by %s; the sync was queued again', public.pricing_who())
            );
            v_released := v_released || v_row.args;
        end if;
    end loop;
    if v_released <> '[]' then
        insert into public.pricing_audit_log (who, action, subject, details)
        values (
            public.pricing_who(), 'release_pricing_lock', old.lock_key, jsonb_build_object('released', v_released)
        );
    end if;
    -- Null, so that DELETE does not count the row.
    return case when v_skipped then null else old end;
end;
$$;

comment on function public.release_pricing_lock() is
'Trigger: DELETE from pricing_sync_lock fences the running attempt off and queues its provider sync again; pricing_sync_global stands for all.';
