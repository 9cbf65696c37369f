-- The price guards. It writes nothing: hold_price_changes does, except in a dry run.
-- after: pricing_shared_moves, pricing_short_number, pricing_token_moves
create or replace function public.judge_price_changes(
    p_provider text,
    p_changes jsonb,
    p_lists jsonb default '{}',
    p_reference jsonb default null
)
returns table (
    provider text,
    model_id text,
    class text,
    reason text,
    ratio numeric,
    to_zero boolean,
    evidence jsonb
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
-- As in compare_provider_prices.
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
-- From 18 on plans of SQL functions are cached: one made for a small table might read a large one whole for each change.
set plan_cache_mode = force_custom_plan
as $$
    with guard as materialized (
        select p.* from public.pricing_providers p where p.slug = p_provider and p.guards_enabled
    ),
    change as materialized (
        select
            c.*,
            -- A dry run stores nothing, so its reference is not in the table. A subquery uses the index for each change; a
            -- join would read the numbers of all providers.
            case
                when c.source not like 'catalogue:%' then coalesce(
                    r.prices,
                    (
                        select k.prices
                        from public.pricing_catalogue_prices k
                        where k.provider_slug = c.provider and k.model_id = c.model_id
                    )
                )
            end as catalogue
        from rows from (
            jsonb_to_recordset(case when exists (select from guard) then p_changes else '[]' end)
                as (provider text, model_id text, source text, raw jsonb)
        ) with ordinality as c (provider, model_id, source, raw, position)
        left join jsonb_to_recordset(p_reference) as r (provider text, model_id text, prices jsonb)
            on coalesce(r.provider, p_provider) = c.provider and r.model_id = c.model_id
    ),
    move as materialized (
        select
            m.*,
            c.provider,
            g.guard_large_ratio,
            g.guard_unit_ratio,
            g.guard_lowest_per_1m,
            g.guard_highest_per_1m,
            case when m.before > 0 and m.now > 0 then greatest(m.now / m.before, m.before / m.now) end as ratio,
            -- Multiplied, because a quotient would be rounded.
            m.now > 0 and (m.now >= m.before * g.guard_unit_ratio or m.now * g.guard_unit_ratio <= m.before) as is_unit,
            m.now > 0 and (m.now >= m.before * g.guard_large_ratio or m.now * g.guard_large_ratio <= m.before) as is_large,
            case when not m.is_condition and m.now > 0 then nullif((c.catalogue ->> m.axis)::numeric, 0) end as catalogue
        from public.pricing_token_moves(case when exists (select from guard) then p_changes else '[]' end) m
        join change c on c.position = m.change
        cross join guard g
    ),
    shared as materialized (
        select s.*
        from (
            select
                array_agg(m.provider order by m.change) as providers,
                array_agg(m.change order by m.change) as changes,
                array_agg(m.now / m.old order by m.change) as factors
            from move m
            where m.old > 0
                and m.before = m.old
                and (m.now >= m.old * 2 or (m.now > 0 and m.now * 2 <= m.old))
                and not m.is_condition
        ) as p
        cross join lateral public.pricing_shared_moves(p_lists, p.providers, p.changes, p.factors) s
    ),
    finding as (
        select
            m.*,
            'ratio' as kind,
            m.is_unit as looks_like_unit,
            m.ratio as weight,
            '%1$s moves by %2$s times (%3$s -> %4$s)' as words,
            array[m.ratio, m.before * 1000000, m.now * 1000000] as numbers
        from move m
        where m.is_unit or (m.is_large and not m.is_new_entry)
        union all
        select
            m.*,
            'zero',
            false,
            null,
            '%1$s falls to zero (%2$s -> 0)',
            array[m.old * 1000000]
        from move m
        where m.now = 0 and m.old > 0
        union all
        select
            m.*,
            'band',
            true,
            null,
            '%1$s %2$s is outside %3$s to %4$s',
            array[m.now * 1000000, m.guard_lowest_per_1m, m.guard_highest_per_1m]
        from move m
        where m.now > 0 and (m.now * 1000000 < m.guard_lowest_per_1m or m.now * 1000000 > m.guard_highest_per_1m)
        union all
        select
            m.*,
            'catalogue',
            true,
            q.times,
            '%1$s is %2$s times the catalogue''s %3$s',
            array[m.now / m.catalogue, m.catalogue * 1000000]
        from move m
        cross join lateral (
            select greatest(m.now / m.catalogue, m.catalogue / m.now) as times
            -- Skips the costly comparison below for all that cannot be near 100 times.
            where m.now > m.catalogue * 90 or m.now * 90 < m.catalogue
        ) as q
        cross join lateral (
            -- The nearest power of ten.
            select 10::numeric ^ (length(trunc(q.times)::text) - case when q.times::text < '5' then 1 else 0 end) as power
        ) as n
        where n.power >= 100
            and case
                when m.now > m.catalogue then abs(m.now - m.catalogue * n.power) <= 0.05 * m.catalogue * n.power
                else abs(m.now * n.power - m.catalogue) <= 0.05 * m.catalogue
            end
        union all
        select
            m.*,
            'list',
            true,
            m.ratio,
            s.models || ' of ' || s.listed || ' models move by the same factor %2$s',
            array[s.factor]
        from move m
        join shared s on s.model = m.change and s.factor = m.now / m.old
        where m.old > 0 and not m.is_condition
    ),
    -- Each number is formatted once: in a list of another unit the same few occur thousands of times.
    short as materialized (
        select jsonb_object_agg(n.text, public.pricing_short_number(n.number)) as texts
        from (
            select distinct on (u.number::text) u.number::text as text, u.number
            from finding f
            cross join lateral unnest(f.numbers) as u (number)
            where u.number is not null
        ) as n
    ),
    said as (
        select
            f.*,
            format(
                f.words,
                f.short_name,
                s.texts ->> f.numbers[1]::text,
                s.texts ->> f.numbers[2]::text,
                s.texts ->> f.numbers[3]::text
            ) as phrase
        from finding f
        cross join short s
    ),
    sentence as (
        select
            w.change,
            string_agg(w.words, '; ' order by w.rank) filter (where w.rank <= 3)
                || coalesce('; and ' || nullif(greatest(count(*) - 3, 0), 0) || ' more', '') as words
        from (
            select
                f.change,
                f.phrase as words,
                row_number() over (
                    partition by f.change
                    order by bool_or(f.looks_like_unit) desc, max(f.weight) desc nulls last, min(f.kind), f.phrase
                ) as rank
            from said f
            group by f.change, f.phrase
        ) as w
        group by w.change
    ),
    published as materialized (
        select distinct on (f.change, f.axis)
            f.change,
            f.axis,
            jsonb_strip_nulls(jsonb_build_object(
                'key', left(e.key, 200) || case when length(e.key) > 200 then '...' else '' end,
                -- As text of any JSON: clients could not read deep nesting.
                'text', left(e.value ->> 'text', 200) || case when length(e.value ->> 'text') > 200 then '...' else '' end,
                'unit', left(e.value ->> 'unit', 200)
            )) as published
        from change c
        cross join lateral jsonb_each(case when jsonb_typeof(c.raw) = 'object' then c.raw else '{}' end) e
        join (select distinct f.change, f.axis from finding f) as f
            on f.change = c.position and f.axis = e.value ->> 'axis'
        order by f.change, f.axis, length(e.key), e.key
    ),
    verdict as (
        select
            f.change,
            case when bool_or(f.looks_like_unit) then 'unit' else 'large' end as class,
            bool_or(f.kind = 'zero') as to_zero,
            jsonb_agg(
                jsonb_strip_nulls(jsonb_build_object(
                    'axis', f.axis,
                    'kind', f.kind,
                    'before', trim_scale(coalesce(f.before, f.old))::text,
                    'now', trim_scale(f.now)::text,
                    'ratio', trim_scale(f.ratio)::text,
                    'catalogue', trim_scale(f.catalogue)::text
                )) || coalesce(p.published, '{}')
                order by f.looks_like_unit desc, f.weight desc nulls last, f.axis, f.kind
            ) as evidence
        from finding f
        left join published p on p.change = f.change and p.axis = f.axis
        group by f.change
    )
    select
        c.provider,
        c.model_id,
        coalesce(v.class, 'first_list'),
        coalesce(v.class || ': ' || s.words, 'first_list: no list of this provider has been accepted yet'),
        w.ratio,
        coalesce(v.to_zero, false),
        coalesce(v.evidence, '[]')
    from change c
    cross join guard g
    left join verdict v on v.change = c.position
    left join sentence s on s.change = c.position
    left join (
        select m.change, max(m.ratio) as ratio
        from move m
        -- A new condition has no ratio, unless it looks like another unit.
        where not m.is_new_entry or m.is_unit
        group by m.change
    ) as w on w.change = c.position
    where v.change is not null or g.review_first;
$$;

comment on function public.judge_price_changes(text, jsonb, jsonb, jsonb) is
'The changes, of [{id, provider, model_id, old, new, old_source, source, raw}], that the guards of a provider stop: class, reason (USD per million), largest ratio and evidence (USD per unit). p_lists: {provider: priced models in the list}.';
