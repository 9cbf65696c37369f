-- For who must not wait: somebody may have changed a log row by hand, in a transaction that is still open.
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
    -- One that is missing is in nobody's hands.
    return found or not exists (
        select from public.pricing_sync_log l where l.queue_job_id = p_queue_job_id and l.attempt = p_attempt
    );
end;
$$;

comment on function public.lock_log_row(bigint, integer) is
'Hold the log row of an attempt, if there is one; false when somebody else has it.';
