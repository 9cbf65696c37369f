-- The view pricing_stale calls it: a function, because its query as a part of the view would be compiled for seconds.
-- after: pricing_confirmations, pricing_overdue_models
create or replace function public.pricing_unconfirmed(p_with_overdue boolean default true)
returns table (
    provider text,
    model text,
    why text,
    confirmed_by text,
    confirmed_at timestamptz,
    due_at timestamptz,
    source text
)
language sql
stable
rows 100
security invoker
set search_path = pg_catalog, pg_temp
set jit = off
-- A list may have thousands of skipped models, of which the planner expects a hundred.
set enable_nestloop = off
as $$
    with due as (
        select
            c.provider as slug,
            c.is_syncable,
            c.confirmed_at,
            c.allowed,
            c.due_at,
            c.is_stale,
            c.why
        from public.pricing_confirmations c
    ),
    -- Few of its rows are wanted each time; together they are all models, in a temporary file.
    priced as not materialized (
        select
            m.provider_slug,
            m.model_id,
            m.pricing_source,
            m.listed_by,
            m.missing_count,
            -- As in model_prices.
            case when m.pricing_source like 'catalogue:%' then 'catalogue' else m.provider_slug end as confirmed_by
        from public.model_pricing m
        where m.is_active and m.last_changed_at is not null
    ),
    -- The newest lists of each provider; a dry run confirms nothing. 400 are more than a day of the shortest interval, and once a
    -- day a list is read whole. Materialized, because details may be large.
    list as materialized (
        select
            d.slug,
            l.id,
            l.applied_at,
            l.applied_at > now() - d.allowed as is_in_time,
            not l.details ? 'not_modified' as is_whole,
            l.details -> 'skipped' as skipped,
            row_number() over (partition by d.slug order by l.id desc) as nth
        from due d
        cross join lateral (
            select k.id, k.applied_at, coalesce(k.details, '{}') as details
            from public.pricing_sync_log k
            -- As in pricing_provider_status.
            where k.provider_slug between d.slug and d.slug and k.status = 'success' and k.applied_at is not null
            order by k.provider_slug, k.id desc
            limit 400
        ) as l
        where not l.details ? 'differences_total'
    ),
    -- Models that the newest lists lack: the list before those has confirmed them.
    missing as (
        select p.*, l.applied_at as confirmed_at, l.applied_at + d.allowed as due_at
        from priced p
        join due d on d.slug = p.listed_by
        join (
            select a.slug, a.applied_at, a.nth, max(a.nth) over (partition by a.slug) as lists
            from list a
        ) as l on l.slug = p.listed_by and l.nth = least(p.missing_count + 1, l.lists)
        where p.missing_count > 0
    ),
    newest_whole as materialized (
        select l.slug, max(l.id) as id
        from list l
        where l.is_whole
        group by l.slug
    ),
    -- The whole lists that were confirmed within the allowed time, before the newest one: an unmodified list confirms what the
    -- whole list before it had.
    confirmed_list as materialized (
        select distinct r.slug, r.whole_id
        from (
            select l.*, max(l.id) filter (where l.is_whole) over (partition by l.slug order by l.id) as whole_id
            from list l
        ) as r
        join newest_whole n on n.slug = r.slug
        where r.id < n.id and r.is_in_time
    ),
    skip as materialized (
        select l.slug, l.id as list_id, k.model_id
        from list l
        cross join lateral jsonb_to_recordset(coalesce(l.skipped, '[]')) as k (model_id text)
        where l.is_whole
            and (
                l.id in (select n.id from newest_whole n)
                or l.id in (select c.whole_id from confirmed_list c where c.whole_id is not null)
            )
    ),
    -- Models that the newest list has and that could not be read, unless one of those lists has confirmed them.
    skipped as (
        select p.*
        from newest_whole n
        join skip s on s.list_id = n.id
        cross join lateral (
            select q.*
            from priced q
            where q.provider_slug = n.slug and q.confirmed_by = n.slug and q.model_id = s.model_id
            offset 0
        ) as p
        left join (
            select c.slug, count(*) as lists from confirmed_list c group by c.slug
        ) as all_lists on all_lists.slug = n.slug
        left join (
            select c.slug, x.model_id, count(*) as lists
            from confirmed_list c
            join skip x on x.list_id = c.whole_id
            group by c.slug, x.model_id
        ) as without on without.slug = n.slug and without.model_id = s.model_id
        where coalesce(all_lists.lists, 0) = coalesce(without.lists, 0)
    ),
    stale as (
        select
            d.slug as provider, null::text as model, d.why, d.slug as confirmed_by, d.confirmed_at, d.due_at, null::text as source
        from due d
        where d.is_stale
        union all
        select o.provider, m.model_id, o.why, o.confirmed_by, o.confirmed_at, o.due_at, m.pricing_source
        from public.pricing_overdue_models o
        -- By the index of the provider: the others have no such model.
        cross join lateral (
            select p.model_id, p.pricing_source
            from priced p
            where p.provider_slug = o.provider and p.confirmed_by = o.confirmed_by
            offset 0
        ) as m
        where p_with_overdue
        union all
        select
            m.provider_slug, m.model_id, 'not in the list', m.confirmed_by, m.confirmed_at, m.due_at, m.pricing_source
        from missing m
        join due d on d.slug = m.confirmed_by and d.due_at >= now()
        where m.due_at < now()
        union all
        select
            k.provider_slug, k.model_id, 'not understood', k.confirmed_by, null, null, k.pricing_source
        from skipped k
        join due d on d.slug = k.confirmed_by and d.due_at >= now()
    )
    select s.provider, s.model, s.why, s.confirmed_by, s.confirmed_at, s.due_at, s.source
    from stale s;
$$;

comment on function public.pricing_unconfirmed(boolean) is
'Providers (model is null) and active priced models that were not confirmed for longer than their interval allows: the rows of pricing_stale. p_with_overdue: those of pricing_overdue_models too.';
