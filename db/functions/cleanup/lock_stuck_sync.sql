-- A clean-up locks many syncs in one transaction, in no agreed order, so it never waits: a skipped sync is being ended by
-- another session, or the next clean-up finds it. The job comes first: a session that ends a job by hand has it locked,
-- and then locks all of its queue rows.
-- after: lock_log_row, pricing_sync_expiry, pricing_timeout_message
create or replace function public.lock_stuck_sync(
    p_reason text,
    p_queue_job_id bigint,
    p_attempt integer,
    p_timeout interval default null,
    p_job_id uuid default null
)
returns table (action text, error_kind text, message text)
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
begin
    select (q.args ->> 'job_id')::uuid, q.args ->> 'provider' into v_job_id, v_provider
    from procrastinate.procrastinate_jobs q
    where q.id = p_queue_job_id;
    -- Of a queue row that is gone.
    v_job_id := coalesce(v_job_id, p_job_id);

    perform from public.pricing_sync_jobs j where j.job_id = v_job_id for no key update skip locked;
    if not found and exists (select from public.pricing_sync_jobs j where j.job_id = v_job_id) then
        return;
    end if;
    perform from procrastinate.procrastinate_jobs q where q.id = p_queue_job_id for no key update skip locked;
    if not found and exists (select from procrastinate.procrastinate_jobs q where q.id = p_queue_job_id) then
        return;
    end if;
    -- The end is written into the log row ...
    if not public.lock_log_row(p_queue_job_id, p_attempt) then
        return;
    end if;
    -- ... and a failure is counted in the provider row.
    perform from public.pricing_providers p where p.slug = v_provider for no key update skip locked;
    if not found and exists (select from public.pricing_providers p where p.slug = v_provider) then
        return;
    end if;
    -- Read the row again, now that all is locked.
    if p_queue_job_id is null then
        return query
        select e.action, e.error_kind, e.message
        from public.pricing_sync_expiry e
        where e.reason = p_reason and e.job_id = p_job_id and e.since < clock_timestamp() - e.allowed;
    else
        return query
        select
            e.action,
            e.error_kind,
            case when p_timeout is null then e.message else public.pricing_timeout_message(p_timeout) end
        from public.pricing_sync_expiry e
        where e.reason = p_reason
            and e.queue_job_id = p_queue_job_id
            and e.attempt = p_attempt
            and e.since < clock_timestamp() - coalesce(p_timeout, e.allowed);
    end if;
end;
$$;

comment on function public.lock_stuck_sync(text, bigint, integer, interval, uuid) is
'Lock a queue row with its log row, job and provider, or a job alone, for a clean-up, and return what is to be done; no row when it is no longer stuck for this reason, or another session has one of the rows.';
