-- tick_pricing_schedule asks it when it has enqueued what it could: what is due still was passed over, because somebody
-- holds the provider's row, or it is the catalogue, which waits for the others.
-- after: pricing_lock_holders
create or replace function public.schedule_slot_holders()
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_provider text;
    v_held text[] := array[]::text[];
begin
    for v_provider in
        select p.slug
        from public.pricing_providers p
        where (p.next_sync_at is null or p.next_sync_at <= v_now)
            and (p.next_allowed_at is null or p.next_allowed_at <= v_now)
            and p.slug in (select s.slug from public.pricing_syncable_providers s)
        order by p.slug
    loop
        perform from public.pricing_providers p where p.slug = v_provider for no key update skip locked;
        if not found then
            v_held := v_held || v_provider;
        end if;
    end loop;
    return (
        -- Somebody who holds many is named once. A row that was deleted meanwhile is not there any more.
        select string_agg(
            format(
                'the row of %s is held by %s',
                h.slugs,
                public.pricing_lock_holders('public.pricing_providers'::regclass, h.holder::xid)
            ),
            ' and ' order by h.slugs
        )
        from (
            select string_agg(p.slug, ', ' order by p.slug) as slugs, p.xmax::text as holder
            from public.pricing_providers p
            where p.slug = any (v_held)
            group by p.xmax::text
        ) as h
    );
end;
$$;

comment on function public.schedule_slot_holders() is
'Which due providers'' rows are held, and by whom; null when none is. It does not wait.';
