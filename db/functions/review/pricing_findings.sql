-- The rules of the price guards about a single price, each named for the kind that its evidence shows. Those about a list
-- as a whole are in pricing_list_findings.
-- after: pricing_list_findings, pricing_measured_changes, pricing_moves, pricing_prices_elsewhere
create or replace function public.pricing_findings(p_provider text, p_changes public.pricing_change[], p_lists jsonb, p_reference jsonb)
returns table (
    change bigint,
    axis text,
    class text,
    kind text,
    short_name text,
    weight numeric,
    words text,
    numbers numeric[],
    evidence jsonb,
    change_ratio numeric
)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
-- As in compare_provider_prices.
set enable_nestloop = off
-- Nor sorts for merge joins, which write 75,000 prices to disk.
set enable_mergejoin = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
-- As in judge_price_changes.
set plan_cache_mode = force_custom_plan
as $$
    with guard as materialized (
        select p.* from public.pricing_providers p where p.slug = p_provider
    ),
    change as materialized (
        select c.* from public.pricing_measured_changes(p_provider, p_changes, p_reference) c
    ),
    move as materialized (
        select
            m.*,
            c.provider,
            c.model_id,
            c.source,
            c.says_free,
            g.guard_large_ratio,
            g.guard_unit_ratio,
            g.guard_lowest_per_1m,
            g.guard_highest_per_1m,
            case when m.before > 0 and m.now > 0 then greatest(m.now / m.before, m.before / m.now) end as ratio,
            -- Multiplied, because a quotient would be rounded.
            m.now > 0 and (m.now >= m.before * g.guard_unit_ratio or m.now * g.guard_unit_ratio <= m.before) as is_unit,
            m.now > 0 and (m.now >= m.before * g.guard_large_ratio or m.now * g.guard_large_ratio <= m.before) as is_large,
            case when not m.is_condition then nullif((c.catalogue ->> m.axis)::numeric, 0) end as catalogue
        from public.pricing_moves(p_changes) m
        join change c on c.change = m.change
        cross join guard g
    ),
    -- A price is many times the one before it.
    ratio as (
        select
            m.*,
            'ratio' as kind,
            m.is_unit as looks_like_unit,
            m.ratio as weight,
            '%1$s moves by %2$s times (%3$s -> %4$s)' as words,
            array[m.ratio, m.before * m.factor, m.now * m.factor] as numbers,
            '{}'::jsonb as more
        from move m
        where m.is_unit or (m.is_large and not m.is_new_entry)
    ),
    -- A price falls to 0. A fee may: many at once are the list's.
    zero as (
        select
            m.*,
            'zero',
            not m.says_free,
            null::numeric,
            case
                when m.says_free then '%1$s falls to zero (%2$s -> 0)'
                else '%1$s falls to zero (%2$s -> 0), and nothing says that it is free'
            end,
            array[coalesce(m.old, m.before) * m.factor],
            case when m.says_free then '{"free": true}' else '{}' end::jsonb
        from move m
        where m.now = 0
            and not m.is_fee
            -- A price that is unknown for a while falls all the same.
            and (m.old > 0 or ((m.is_new_entry or m.old is null) and m.before > 0))
    ),
    -- A first price is 0, and the catalogue's is not.
    first_zero as (
        select
            m.*,
            'zero',
            true,
            null::numeric,
            '%1$s is 0 where the catalogue has %2$s, and nothing says that it is free',
            array[m.catalogue * m.factor],
            '{}'::jsonb
        from move m
        where m.now = 0 and m.old is null and m.before is null and m.catalogue > 0 and not m.is_fee and not m.says_free
    ),
    -- A price of a token is outside the bounds for all of them.
    band as (
        select
            m.*,
            'band',
            true,
            null::numeric,
            '%1$s %2$s is outside %3$s to %4$s',
            array[m.now * 1000000, m.guard_lowest_per_1m, m.guard_highest_per_1m],
            '{}'::jsonb
        from move m
        where m.is_token
            and m.now > 0
            and (m.now * 1000000 < m.guard_lowest_per_1m or m.now * 1000000 > m.guard_highest_per_1m)
    ),
    -- A price is a power of ten of the catalogue's, from 100 on; a first one is many times the catalogue's.
    catalogue as (
        select
            m.*,
            'catalogue',
            p.is_power or q.times >= m.guard_unit_ratio,
            q.times,
            '%1$s is %2$s times the catalogue''s %3$s',
            array[m.now / m.catalogue, m.catalogue * m.factor],
            '{}'::jsonb
        from move m
        cross join lateral (
            select greatest(m.now / m.catalogue, m.catalogue / nullif(m.now, 0)) as times, l.is_large
            from (
                select
                    -- A first price has no other measure.
                    m.is_first
                        and m.before is null
                        and (m.now >= m.catalogue * m.guard_large_ratio or m.now * m.guard_large_ratio <= m.catalogue)
                    as is_large
            ) as l
            -- Skips the costly comparison below for all that cannot be near 100 times.
            where m.now > 0 and (l.is_large or m.now > m.catalogue * 90 or m.now * 90 < m.catalogue)
        ) as q
        cross join lateral (
            -- The nearest power of ten.
            select 10::numeric ^ (length(trunc(q.times)::text) - case when q.times::text < '5' then 1 else 0 end) as power
        ) as n
        cross join lateral (
            select n.power >= 100
                and case
                    when m.now > m.catalogue then abs(m.now - m.catalogue * n.power) <= 0.05 * m.catalogue * n.power
                    else abs(m.now * n.power - m.catalogue) <= 0.05 * m.catalogue
                end as is_power
        ) as p
        where p.is_power or q.is_large
    ),
    -- A first price is many times what other providers charge for the same model.
    compared as materialized (
        select
            e.*,
            m.now,
            m.now / e.median as times,
            m.now >= e.median * m.guard_large_ratio or m.now * m.guard_large_ratio <= e.median as is_large
        from (
            select
                array_agg(m.change) as changes,
                array_agg(m.provider) as providers,
                array_agg(m.model_id) as models,
                array_agg(m.axis) as axes,
                array_agg(m.now) as amounts
            from move m
            -- The catalogue has prices of one unit only.
            where m.is_first and not m.is_condition and not m.is_fee and m.now > 0 and m.source not like 'catalogue:%'
            having count(*) > 0
        ) as p
        cross join guard g
        cross join lateral public.pricing_prices_elsewhere(
            p.changes,
            p.providers,
            p.models,
            p.axes,
            p.amounts,
            -- Who reviews a first list sees all.
            case when g.review_first then 1 else g.guard_large_ratio end
        ) e
        join move m on m.change = e.change and m.axis = e.axis
    ),
    elsewhere as (
        select
            m.*,
            'elsewhere',
            true,
            greatest(e.times, 1 / e.times),
            '%1$s is %2$s times the median at ' || e.providers || ' other '
                || case e.providers when 1 then 'provider' else 'providers' end || ', %3$s',
            array[e.times, e.median * m.factor],
            jsonb_build_object('median', trim_scale(e.median)::text, 'providers', e.providers)
        from move m
        join compared e on e.change = m.change and e.axis = m.axis
        where e.is_large
    ),
    -- What the rules about the list find. The factor of a first price is that of the catalogue's.
    of_list as materialized (
        select l.*
        from (
            select
                array_agg(m.change) as changes,
                array_agg(m.axis) as axes,
                array_agg(m.is_first) as are_first,
                array_agg(m.now / r.amount) as factors
            from move m
            cross join lateral (
                select case when m.is_first then coalesce(m.catalogue, nullif(m.old, 0)) else m.old end as amount
            ) as r
            where m.now > 0 and r.amount > 0 and not (m.is_first and m.is_condition)
        ) as p
        cross join lateral public.pricing_list_findings(
            p_changes, p_lists, p.changes, p.axes, p.are_first, p.factors
        ) l
    ),
    finding as (
        select * from ratio
        union all
        select * from zero
        union all
        select * from first_zero
        union all
        select * from band
        union all
        select * from catalogue
        union all
        select * from elsewhere
        union all
        select m.*, l.kind, true, m.ratio, l.words, array[l.factor], '{}'
        from of_list l
        join move m on m.change = l.change and m.axis = l.axis
    ),
    found as (
        select
            f.change,
            f.axis,
            case when f.looks_like_unit then 'unit' else 'large' end as class,
            f.kind,
            f.short_name,
            f.weight,
            f.words,
            f.numbers,
            jsonb_strip_nulls(jsonb_build_object(
                'axis', f.axis,
                'kind', f.kind,
                'before', trim_scale(coalesce(f.before, f.old))::text,
                'now', trim_scale(f.now)::text,
                'ratio', trim_scale(f.ratio)::text,
                'catalogue', trim_scale(f.catalogue)::text
            )) || f.more as evidence
        from finding f
        union all
        select l.change, null, l.class, l.kind, null, null, l.words, null, l.evidence
        from of_list l
        where l.axis is null
        union all
        -- Until a list of the provider has been accepted, all wait for a person,
        select c.change, null, 'first_list', 'first_list', null, null, null, null, null
        from change c
        cross join guard g
        where g.review_first
        union all
        -- who is shown what others charge, also where nothing is wrong.
        select
            e.change,
            e.axis,
            'first_list',
            'elsewhere',
            null,
            null,
            null,
            null,
            jsonb_build_object(
                'axis', e.axis,
                'kind', 'elsewhere',
                'now', trim_scale(e.now)::text,
                'median', trim_scale(e.median)::text,
                'providers', e.providers
            )
        from compared e
        cross join guard g
        where g.review_first and not e.is_large
    )
    select f.*, r.ratio
    from found f
    left join (
        select m.change, max(m.ratio) as ratio
        from move m
        -- A new condition has no ratio, unless it looks like another unit.
        where not m.is_new_entry or m.is_unit
        group by m.change
    ) as r on r.change = f.change;
$$;

comment on function public.pricing_findings(text, public.pricing_change[], jsonb, jsonb) is
'What the rules of a provider''s guards find in changes, with the parameters of judge_price_changes: a row for each price (change, its place in the list, from 1, and axis), and for the change as a whole (axis null). class: unit, large, list, or first_list for what nothing is wrong with; words: with %1$s for the short name and %2$s to %4$s for the numbers; change_ratio: the largest of the change.';
