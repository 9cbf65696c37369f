-- Without it two triggers that look before they queue are both accepted. It is no lock of the provider's row: a person
-- who changes several of those takes them in any order, and has them for as long as the transaction stays open.
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
    v_held text[] := array[]::text[];
begin
    for v_provider in
        select distinct p from unnest(p_providers) as p where p is not null order by p
    loop
        if p_wait then
            perform public.take_pricing_lock('triggers of ' || v_provider, v_until);
        elsif not public.try_pricing_lock('triggers of ' || v_provider) then
            continue;
        end if;
        v_held := v_held || v_provider;
    end loop;
    return v_held;
end;
$$;

comment on function public.lock_provider_triggers(text[], boolean) is
'Keep others that look before they queue from these providers until the end of the transaction; always in the same order. Returns those held: all, unless it shall not wait.';
