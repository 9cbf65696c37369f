-- Locks what the end of an attempt writes, in the lock order. The caller has locked the queue row and has a lock_timeout
-- of its own (wait_for_locks_until).
-- after: wait_for_locks_until
create or replace function public.lock_sync_end(
    p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text, p_until timestamptz
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform public.wait_for_locks_until(p_until);
    perform
    from public.pricing_sync_log l
    where l.queue_job_id = p_queue_job_id and l.attempt = p_attempt
    for no key update;
    perform public.wait_for_locks_until(p_until);
    perform from public.pricing_sync_jobs j where j.job_id = p_job_id for no key update;
    perform public.wait_for_locks_until(p_until);
    perform from public.pricing_providers p where p.slug = p_provider for no key update;
end;
$$;

comment on function public.lock_sync_end(bigint, integer, uuid, text, timestamptz) is
'Lock the log row of an attempt, its job and its provider (null: without it) until the end of the transaction; the waits end at p_until.';
