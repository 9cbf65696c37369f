-- For callers that must not wait: a person may have changed the log row in a transaction that is still open.
create or replace function public.lock_log_row(p_queue_job_id bigint, p_attempt integer)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform
    from public.pricing_sync_log l
    where l.queue_job_id = p_queue_job_id and l.attempt = p_attempt
    for no key update skip locked;
    -- A missing row cannot be locked.
    return found or not exists (
        select from public.pricing_sync_log l where l.queue_job_id = p_queue_job_id and l.attempt = p_attempt
    );
end;
$$;

comment on function public.lock_log_row(bigint, integer) is
'Lock the log row of an attempt, if there is one; false when another session has it.';
