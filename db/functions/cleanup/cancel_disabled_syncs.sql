-- The caller may have locked the provider row, which comes last in the lock order, so it never waits. What it skips is
-- ended by the worker that fetches it, or by the next clean-up.
create or replace function public.cancel_disabled_syncs(p_provider text default null)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v record;
    v_cancelled integer := 0;
begin
    for v in
        select e.queue_job_id, e.attempt
        from public.pricing_sync_expiry e
        where e.reason = 'disabled'
            and e.since < clock_timestamp() - e.allowed
            and (p_provider is null or e.provider_slug = p_provider)
        order by e.queue_job_id
        limit case when p_provider is null then 500 end
    loop
        begin
            continue when (public.lock_stuck_sync('disabled', v.queue_job_id, v.attempt)).id is null;
            if public.stop_provider_sync(
                v.queue_job_id, 'disabled', 'The provider was disabled or deleted while its sync waited'
            ) then
                v_cancelled := v_cancelled + 1;
            end if;
        exception
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: queue row % of a disabled provider could not be cancelled: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return v_cancelled;
end;
$$;

comment on function public.cancel_disabled_syncs(text) is
'Cancel the waiting syncs of a provider that is disabled or gone (null: of all such providers), except those that another session changes; returns how many.';
