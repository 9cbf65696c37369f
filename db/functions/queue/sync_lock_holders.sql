-- The locks that a sync needs besides its own rows. fetch_queue_rows calls it before it gives out a row whose last attempt
-- was locked, so that no list is fetched that cannot be written; give_up_sync calls it for the names.
-- after: pricing_lock_holders, try_pricing_lock
create or replace function public.sync_lock_holders(p_provider text)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v record;
begin
    for v in
        select 'prices of ' || p_provider as name where p_provider <> 'catalogue'
        union all
        -- The catalogue writes prices of every provider that it lists.
        select l.name from public.pricing_locks l where p_provider = 'catalogue' and l.name like 'prices of %'
        order by name
    loop
        if not public.try_pricing_lock(v.name) then
            return format(
                'The %s are locked by %s',
                v.name,
                public.pricing_lock_holders(
                    'public.pricing_locks'::regclass,
                    (select l.xmax from public.pricing_locks l where l.name = v.name)
                )
            );
        end if;
    end loop;
    perform from public.pricing_providers p where p.slug = p_provider for no key update skip locked;
    if not found and exists (select from public.pricing_providers p where p.slug = p_provider) then
        return format(
            'The provider''s row is locked by %s',
            public.pricing_lock_holders(
                'public.pricing_providers'::regclass,
                (select p.xmax from public.pricing_providers p where p.slug = p_provider)
            )
        );
    end if;
    return null;
end;
$$;

comment on function public.sync_lock_holders(text) is
'Lock the prices and the row of a provider without waiting: null when they are locked now, else the sessions that have them.';
