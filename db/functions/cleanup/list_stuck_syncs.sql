-- after: pricing_sync_expiry
create or replace function public.list_stuck_syncs(p_reason text, p_provider text, p_timeout interval)
returns table (queue_job_id bigint, attempt integer, job_id uuid)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
-- As in lock_stuck_sync: the plan skips the other reasons when it runs.
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
    return query
    select e.queue_job_id, e.attempt, e.job_id
    from public.pricing_sync_expiry e
    where e.reason = p_reason
        and e.since < clock_timestamp() - coalesce(p_timeout, e.allowed)
        and (p_provider is null or e.provider_slug = p_provider)
    order by e.queue_job_id, e.attempt, e.job_id
    -- What a person's own statement begins is not bounded.
    limit case when p_provider is null then 500 end;
end;
$$;

comment on function public.list_stuck_syncs(text, text, interval) is
'What is stuck for this reason, at most 500 unless a provider is named. p_timeout: instead of the allowed time.';
