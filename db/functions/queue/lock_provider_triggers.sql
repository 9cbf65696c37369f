-- Without it two concurrent sync requests with reject or coalesce would both be accepted. It does not lock the provider's
-- row: a person may lock several of those in any order, for as long as a transaction stays open.
-- after: take_pricing_lock, try_pricing_lock
create or replace function public.lock_provider_triggers(p_providers text[], p_wait boolean default true)
returns text[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_until constant timestamptz := clock_timestamp() + interval '5 seconds';
    v_provider text;
    v_locked text[] := array[]::text[];
begin
    for v_provider in
        select distinct p from unnest(p_providers) as p where p is not null order by p
    loop
        if p_wait then
            perform public.take_pricing_lock('triggers of ' || v_provider, v_until);
        elsif not public.try_pricing_lock('triggers of ' || v_provider) then
            continue;
        end if;
        v_locked := v_locked || v_provider;
    end loop;
    return v_locked;
end;
$$;

comment on function public.lock_provider_triggers(text[], boolean) is
'Lock these providers against other sync requests with reject or coalesce, in a fixed order, until the end of the transaction. Returns those locked: all of them, unless p_wait is false.';
