-- A worker says it when it starts. Definer: a worker reads no provider's row.
-- after: capped_expiry
create or replace function public.pricing_next_sync()
returns table (providers integer, provider text, due_at timestamptz)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select
        count(*) over ()::integer,
        p.slug,
        case
            when p.next_sync_at > '-infinity'
                then public.capped_expiry(least(p.next_sync_at, '9999-12-31 00:00:00+00'))
        end
    from public.pricing_syncable_providers s
    join public.pricing_providers p on p.slug = s.slug
    order by p.next_sync_at nulls first, p.slug
    limit 1;
$$;

comment on function public.pricing_next_sync() is
'How many providers are synced, and which is due next; due_at null: now. No row: none is synced.';
