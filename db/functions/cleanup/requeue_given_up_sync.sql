-- For a caller that has locked the queue row, which runs, its log row and its job.
create or replace function public.requeue_given_up_sync(p_row procrastinate.procrastinate_jobs, p_message text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_row.abort_requested then
        perform public.stop_provider_sync(p_row.id, 'cancelled', 'Cancelled');
        return;
    end if;
    perform public.log_ended_attempt(p_row.id, p_row.attempts + 1, 'failed', 'locked', p_message);
    update procrastinate.procrastinate_jobs q set status = 'todo' where q.id = p_row.id;
end;
$$;

comment on function public.requeue_given_up_sync(procrastinate.procrastinate_jobs, text) is
'End a running attempt as locked and queue its provider sync again; cancel it when an abort was requested.';
