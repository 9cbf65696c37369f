-- Every cancellation that the worker did not make itself calls it. It never waits: the session that has the queue row
-- locked will lock the job row, find it ended, and stop its own row.
create or replace function public.stop_provider_sync(p_queue_job_id bigint, p_error_kind text, p_message text)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_row procrastinate.procrastinate_jobs;
begin
    select q.* into v_row
    from procrastinate.procrastinate_jobs q
    where q.id = p_queue_job_id and q.task_name = 'sync_provider' and q.status in ('todo', 'doing')
    for no key update skip locked;
    if not found then
        return false;
    end if;

    perform public.log_ended_attempt(v_row.id, v_row.attempts + 1, 'cancelled', p_error_kind, p_message);
    if v_row.status = 'doing' then
        -- The flag sends the engine's notification of an abort, which workers before 0.4.0 obey. Later ones look the abort
        -- up, find that the row has ended, and run on until the fence refuses what they write.
        update procrastinate.procrastinate_jobs q set abort_requested = true
        where q.id = v_row.id and not q.abort_requested;
    end if;
    update procrastinate.procrastinate_jobs q
    set status = (case v_row.status when 'doing' then 'aborted' else 'cancelled' end)
        ::procrastinate.procrastinate_job_status
    where q.id = v_row.id;
    return true;
end;
$$;

comment on function public.stop_provider_sync(bigint, text, text) is
'Cancel a waiting provider sync or abort a running one; false when it has ended, or another session changes it.';
