-- tick_pricing_schedule calls it after it has enqueued: a provider that is still due was skipped because a session locks
-- its row, or is the catalogue, which waits for the others.
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
    v_locked text[] := array[]::text[];
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
            v_locked := v_locked || v_provider;
        end if;
    end loop;
    return (
        -- A session that locks many rows is named once. A row deleted meanwhile is not listed.
        select string_agg(
            format(
                'the row of %s is locked by %s',
                h.slugs,
                public.pricing_lock_holders('public.pricing_providers'::regclass, h.holder::xid)
            ),
            ' and ' order by h.slugs
        )
        from (
            select string_agg(p.slug, ', ' order by p.slug) as slugs, p.xmax::text as holder
            from public.pricing_providers p
            where p.slug = any (v_locked)
            group by p.xmax::text
        ) as h
    );
end;
$$;

comment on function public.schedule_slot_holders() is
'Which due providers'' rows are locked, and by which sessions; null when none is. It does not wait.';
