-- A function that knows why an attempt ends calls this before it changes the queue row; the projection calls it after, and
-- then ends only a log row that is still open.
create or replace function public.log_ended_attempt(
    p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    update public.pricing_sync_log l
    set status = p_status,
        sync_completed_at = clock_timestamp(),
        errors = case when p_status = 'failed' then 1 else 0 end,
        error_kind = left(p_error_kind, 100),
        error_message = left(p_message, 2000)
    where l.queue_job_id = p_queue_job_id
        and l.attempt = p_attempt
        and l.status in ('queued', 'in_progress');
end;
$$;

comment on function public.log_ended_attempt(bigint, integer, text, text, text) is
'End the log row of an attempt, unless it has ended.';
