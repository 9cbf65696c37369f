-- Called with the provider row held, which comes last in the lock order: so it waits for nobody. What it skips here is
-- ended by the worker that fetches it, or by the next clean-up.
create or replace function public.cancel_disabled_syncs(p_provider text default null)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v record;
    v_cancelled integer := 0;
begin
    for v in
        select q.id, q.args ->> 'job_id' as job_id
        from public.pricing_providers p
        join procrastinate.procrastinate_jobs q on q.lock = 'pricing_sync:' || p.slug
        where not p.enabled
            and (p_provider is null or p.slug = p_provider)
            and q.status = 'todo'
            and q.task_name = 'sync_provider'
        order by q.id
        limit case when p_provider is null then 500 end
    loop
        perform from procrastinate.procrastinate_jobs q
        where q.id = v.id and q.status = 'todo'
        for no key update skip locked;
        continue when not found;
        -- The projection will want the job row; somebody who has it may be waiting for the provider row.
        perform from public.pricing_sync_jobs j where j.job_id = v.job_id::uuid for no key update skip locked;
        continue when not found;
        if public.stop_provider_sync(v.id, 'disabled', 'The provider was disabled while its sync waited') then
            v_cancelled := v_cancelled + 1;
        end if;
    end loop;
    return v_cancelled;
end;
$$;

comment on function public.cancel_disabled_syncs(text) is
'Cancel the waiting syncs of a disabled provider (null: of all of them), except what somebody else is changing now; returns how many.';
