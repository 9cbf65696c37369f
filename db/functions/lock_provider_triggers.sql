-- Without it two triggers that look before they queue are both accepted. It is no lock of the provider's row: a person
-- who changes several of those takes them in any order, and has them for as long as the transaction stays open.
create or replace function public.lock_provider_triggers(p_providers text[], p_wait boolean default true)
returns text[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v record;
    v_held text[] := '{}';
begin
    for v in
        select p.slug, pg_catalog.hashtextextended('pricing_provider_triggers:' || p.slug, 0) as key
        from unnest(p_providers) as p (slug)
        order by key
    loop
        if p_wait then
            perform pg_catalog.pg_advisory_xact_lock(v.key);
        elsif not pg_catalog.pg_try_advisory_xact_lock(v.key) then
            continue;
        end if;
        v_held := v_held || v.slug;
    end loop;
    return v_held;
end;
$$;

comment on function public.lock_provider_triggers(text[], boolean) is
'Keep others that look before they queue from these providers until the end of the transaction; always in the same order. Returns those held: all, unless it shall not wait.';
