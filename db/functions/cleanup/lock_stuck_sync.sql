-- A clean-up locks many syncs in one transaction, in no agreed order, so it never waits: a skipped sync is being ended by
-- another session, or the next clean-up finds it. The job comes first: a session that ends a job by hand has it locked,
-- and then locks all of its queue rows.
create or replace function public.lock_stuck_sync(
    p_reason text, p_queue_job_id bigint, p_attempt integer, p_timeout interval default null
)
returns procrastinate.procrastinate_jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- Planning or compiling it for each row would take longer than running it.
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
    v_job_id uuid;
    v_provider text;
    v_row procrastinate.procrastinate_jobs;
begin
    select (q.args ->> 'job_id')::uuid, q.args ->> 'provider' into v_job_id, v_provider
    from procrastinate.procrastinate_jobs q
    where q.id = p_queue_job_id;

    perform from public.pricing_sync_jobs j where j.job_id = v_job_id for no key update skip locked;
    if not found and exists (select from public.pricing_sync_jobs j where j.job_id = v_job_id) then
        return null;
    end if;
    select q.* into v_row
    from procrastinate.procrastinate_jobs q
    where q.id = p_queue_job_id
    for no key update skip locked;
    if not found then
        return null;
    end if;
    -- The end is written into the log row ...
    if not public.lock_log_row(p_queue_job_id, p_attempt) then
        return null;
    end if;
    -- ... and a failure is counted in the provider row.
    perform from public.pricing_providers p where p.slug = v_provider for no key update skip locked;
    if not found and exists (select from public.pricing_providers p where p.slug = v_provider) then
        return null;
    end if;
    -- Check the reason again, now that the rows are locked.
    perform
    from public.pricing_sync_expiry e
    where e.reason = p_reason
        and e.queue_job_id = p_queue_job_id
        and e.attempt = p_attempt
        and e.since < clock_timestamp() - coalesce(p_timeout, e.allowed);
    return case when found then v_row end;
end;
$$;

comment on function public.lock_stuck_sync(text, bigint, integer, interval) is
'Lock a queue row with its log row, job and provider for a clean-up; null when it is gone, no longer stuck for this reason, or another session has one of the rows.';
