-- For a caller that has locked the queue row, which runs.
create or replace function public.requeue_provider_sync(
    p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform public.log_ended_attempt(p_queue_job_id, p_attempt, p_status, p_error_kind, p_message);
    -- For a worker that is alive after all, as in stop_provider_sync.
    update procrastinate.procrastinate_jobs q set abort_requested = true where q.id = p_queue_job_id;
    update procrastinate.procrastinate_jobs q set status = 'todo' where q.id = p_queue_job_id;
end;
$$;

comment on function public.requeue_provider_sync(bigint, integer, text, text, text) is
'End a running attempt, take it away from its worker and queue its provider sync again.';
