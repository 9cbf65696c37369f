-- Called with the provider row held, which comes last in the lock order: so it waits for nobody. What it skips here is
-- ended by the worker that fetches it, or by the next clean-up.
create or replace function public.cancel_disabled_syncs(p_provider text default null)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_id bigint;
    v_row procrastinate.procrastinate_jobs;
    v_cancelled integer := 0;
begin
    for v_id in
        select q.id
        from public.pricing_providers p
        join procrastinate.procrastinate_jobs q on q.lock = 'pricing_sync:' || p.slug
        where not p.enabled
            and (p_provider is null or p.slug = p_provider)
            and q.status = 'todo'
            and q.task_name = 'sync_provider'
        order by q.id
        limit case when p_provider is null then 500 end
    loop
        begin
            v_row := public.hold_stuck_sync(v_id);
            continue when v_row.status is distinct from 'todo'
                or exists (select from public.pricing_providers p where p.slug = v_row.args ->> 'provider' and p.enabled);
            if public.stop_provider_sync(v_id, 'disabled', 'The provider was disabled while its sync waited') then
                v_cancelled := v_cancelled + 1;
            end if;
        exception
            when others then
                raise warning 'pricing-sync: queue row % of a disabled provider could not be cancelled: %', v_id, sqlerrm;
        end;
    end loop;
    return v_cancelled;
end;
$$;

comment on function public.cancel_disabled_syncs(text) is
'Cancel the waiting syncs of a disabled provider (null: of all of them), except what somebody else is changing now; returns how many.';
