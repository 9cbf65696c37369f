-- The price guards. It writes nothing: hold_price_changes does, except in a dry run.
-- after: pricing_list_bounds, pricing_moves, pricing_prices_elsewhere, pricing_shared_moves, pricing_short_number
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
            c.position,
            c.provider,
            c.model_id,
            c.source,
            c.old_source,
            c.old,
            c.new,
            c.raw,
            -- Ids and names say so as well, to callers that do not.
            coalesce(c.free = 'true', false) or c.model_id like '%:free' or coalesce(c.name ~* '[[:<:]]free[[:>:]]', false) as says_free,
            -- A dry run stores nothing, so its reference is not in the table. A subquery uses the index for each change; a
            -- join would read the numbers of all providers.
            case
                when c.source not like 'catalogue:%' then coalesce(
                    -- As in pricing_catalogue_by_id.
                    (
                        select k.prices
                        from public.pricing_catalogue_prices k
                        where k.provider_slug = c.provider
                            and k.model_id = (
                                select l.canonical_id
                                from public.pricing_model_aliases l
                                where l.provider_slug = c.provider
                                    and l.model_id = c.model_id
                                    and l.source like 'manual:%'
                            )
                    ),
                    r.prices,
                    (
                        select k.prices
                        from public.pricing_catalogue_prices k
                        where k.provider_slug = c.provider and k.model_id = c.model_id
                    ),
                    (
                        select k.prices
                        from public.pricing_catalogue_prices k
                        where k.provider_slug = c.provider
                            and k.model_id = (
                                select l.canonical_id
                                from public.pricing_model_aliases l
                                where l.provider_slug = c.provider and l.model_id = c.model_id
                            )
                    )
                )
            end as catalogue
        from rows from (
            jsonb_to_recordset(case when exists (select from guard) then p_changes else '[]' end)
                as (
                    provider text, model_id text, name text, source text, old_source text, old jsonb, new jsonb, free jsonb,
                    raw jsonb
                )
        ) with ordinality as c (provider, model_id, name, source, old_source, old, new, free, raw, position)
        left join jsonb_to_recordset(p_reference) as r (provider text, model_id text, prices jsonb)
            on coalesce(r.provider, p_provider) = c.provider and r.model_id = c.model_id
    ),
    move as materialized (
        select
            m.*,
            c.provider,
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
        from public.pricing_moves(case when exists (select from guard) then p_changes else '[]' end) m
        join change c on c.position = m.change
        cross join guard g
    ),
    -- The lists of which too many models move, each with its finding for all of its changes.
    moving as materialized (
        select
            l.provider,
            l.models || ' of ' || l.listed || ' priced models move in one sync' as words,
            jsonb_build_object('kind', 'moves', 'models', l.models, 'listed', l.listed) as evidence
        from (
            select m.provider, count(distinct m.change) as models, (p_lists ->> m.provider)::bigint as listed
            from move m
            where m.old > 0 and m.now > 0 and not m.is_first
            group by m.provider
        ) as l
        cross join public.pricing_list_bounds() b
        where l.models >= b.moved_models and l.models * b.moved_one_of > l.listed
    ),
    -- A fee that goes is a fee of 0: single ones do, and many at once where a key was renamed, or really went.
    fee_lost as materialized (
        select c.provider, a.axis, a.short_name, array_agg(c.position) as changes, count(*) as models
        from change c
        cross join public.pricing_axes() a
        where a.is_fee
            and p_lists ? c.provider
            and (c.old ->> a.axis)::numeric > 0
            and coalesce((c.new ->> a.axis)::numeric, 0) = 0
        group by c.provider, a.axis, a.short_name
        having count(*) >= (select b.gone_models from public.pricing_list_bounds() b)
    ),
    fee_gone as materialized (
        select
            p.change,
            f.axis,
            f.models || ' of ' || k.known || ' models lose ' || f.short_name || ' in one sync' as words,
            jsonb_build_object('kind', 'fees_gone', 'axis', f.axis, 'models', f.models, 'listed', k.known) as evidence
        from fee_lost f
        cross join public.pricing_list_bounds() b
        cross join lateral (
            select count(*) as known
            from public.model_pricing m
            where m.provider_slug = f.provider
                and m.is_active
                and (public.pricing_base_set(m) ->> f.axis)::numeric > 0
        ) as k
        cross join lateral unnest(f.changes) as p (change)
        where f.models * b.gone_one_of >= k.known
    ),
    -- Prices for long prompts, a service tier and so on: where a renamed key takes them from many models, all of their requests
    -- would cost the base price.
    condition_key as materialized (
        select distinct c.position, c.provider, e.is_new, w.key
        from change c
        cross join lateral (
            select o.entry, false as is_new
            from jsonb_array_elements(case when c.old -> 'conditions' <> '[]' then c.old -> 'conditions' end) as o (entry)
            union all
            select n.entry, true
            from jsonb_array_elements(
                case when c.old -> 'conditions' <> '[]' then c.new -> 'conditions' end
            ) as n (entry)
        ) as e
        cross join lateral jsonb_each(e.entry) as k
        -- Without a text: any of them.
        cross join lateral unnest(array[
            k.key || case when jsonb_typeof(k.value) = 'string' then ' ' || (k.value #>> '{}') else '' end, ''
        ]) as w (key)
        where p_lists ? c.provider
            -- The catalogue may know of more than the provider's own list.
            and split_part(c.old_source, ':', 1) = split_part(c.source, ':', 1)
            and not starts_with(k.key, 'price_per_')
            and k.key not in ('effective_from', 'effective_until')
    ),
    condition_lost as materialized (
        select o.provider, o.key, array_agg(o.position) as changes, count(*) as models
        from condition_key o
        where not o.is_new
            and not exists (
                select from condition_key n where n.is_new and n.position = o.position and n.key = o.key
            )
        group by o.provider, o.key
        having count(*) >= (select b.gone_models from public.pricing_list_bounds() b)
    ),
    condition_gone as materialized (
        select
            p.change,
            l.models || ' of ' || w.known || ' models lose their prices '
                || case l.key when '' then 'under conditions' else 'for ' || left(l.key, 100) end || ' in one sync' as words,
            jsonb_build_object('kind', 'conditions_gone', 'models', l.models, 'listed', w.known) as evidence
        from condition_lost l
        cross join public.pricing_list_bounds() b
        cross join lateral (
            select count(*) as known
            from public.model_pricing m
            where m.provider_slug = l.provider
                and m.is_active
                and exists (
                    select
                    from jsonb_array_elements(public.pricing_base_set(m) -> 'conditions') as c (entry)
                    cross join lateral jsonb_each(c.entry) as k
                    where not starts_with(k.key, 'price_per_')
                        and k.key not in ('effective_from', 'effective_until')
                        and l.key in (
                            '', k.key || case when jsonb_typeof(k.value) = 'string' then ' ' || (k.value #>> '{}') else '' end
                        )
                )
        ) as w
        cross join lateral unnest(l.changes) as p (change)
        where l.models * b.gone_one_of >= w.known
    ),
    shared as materialized (
        select s.*
        from (
            -- The arrays of one query take the rows in the same order.
            select
                array_agg(m.provider) as providers,
                array_agg(m.change) as changes,
                array_agg(m.now / m.old) as factors
            from move m
            where m.old > 0 and m.now > 0 and not m.is_first and not m.is_new_entry
        ) as p
        cross join lateral public.pricing_shared_moves(p_lists, p.providers, p.changes, p.factors) s
    ),
    -- First prices, and what the catalogue has for them.
    beginning as materialized (
        select m.provider, m.change, m.axis, m.now / r.amount as factor
        from move m
        cross join lateral (
            select coalesce(m.catalogue, nullif(m.old, 0)) as amount
        ) as r
        where m.is_first and not m.is_condition and m.now > 0 and r.amount > 0
    ),
    beginning_alike as materialized (
        select s.*
        from (
            select
                array_agg(w.provider) as providers,
                array_agg(w.change) as changes,
                array_agg(w.factor) as factors
            from beginning w
            cross join public.pricing_list_bounds() b
            where w.factor >= b.alike_factor or w.factor * b.alike_factor <= 1
        ) as p
        cross join lateral public.pricing_shared_moves(
            (
                select jsonb_object_agg(l.provider, l.models)
                from (select w.provider, count(distinct w.change) as models from beginning w group by w.provider) as l
            ),
            p.providers,
            p.changes,
            p.factors
        ) s
    ),
    elsewhere as materialized (
        select e.*, m.now / e.median as times
        from (
            select
                array_agg(m.change) as changes,
                array_agg(m.provider) as providers,
                array_agg(c.model_id) as models,
                array_agg(m.axis) as axes,
                array_agg(m.now) as amounts
            from move m
            join change c on c.position = m.change
            -- The catalogue has prices of one unit only.
            where m.is_first and not m.is_condition and not m.is_fee and m.now > 0 and c.source not like 'catalogue:%'
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
    finding as (
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
        union all
        select
            m.*,
            'zero',
            not m.says_free,
            null,
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
        union all
        select
            m.*,
            'zero',
            true,
            null,
            '%1$s is 0 where the catalogue has %2$s, and nothing says that it is free',
            array[m.catalogue * m.factor],
            '{}'
        from move m
        -- A first price.
        where m.now = 0 and m.old is null and m.before is null and m.catalogue > 0 and not m.is_fee and not m.says_free
        union all
        select
            m.*,
            'band',
            true,
            null,
            '%1$s %2$s is outside %3$s to %4$s',
            array[m.now * 1000000, m.guard_lowest_per_1m, m.guard_highest_per_1m],
            '{}'
        from move m
        where m.is_token
            and m.now > 0
            and (m.now * 1000000 < m.guard_lowest_per_1m or m.now * 1000000 > m.guard_highest_per_1m)
        union all
        select
            m.*,
            'catalogue',
            p.is_power or q.times >= m.guard_unit_ratio,
            q.times,
            '%1$s is %2$s times the catalogue''s %3$s',
            array[m.now / m.catalogue, m.catalogue * m.factor],
            '{}'
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
        union all
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
        join elsewhere e on e.change = m.change and e.axis = m.axis
        where m.now >= e.median * m.guard_large_ratio or m.now * m.guard_large_ratio <= e.median
        union all
        select
            m.*,
            'list',
            true,
            m.ratio,
            s.models || ' of ' || s.listed || ' models move by the same factor %2$s',
            array[s.factor],
            '{}'
        from move m
        join shared s on s.model = m.change and s.factor = m.now / m.old
        where m.old > 0 and not m.is_first and not m.is_new_entry
        union all
        select
            m.*,
            'catalogue_list',
            true,
            m.ratio,
            s.models || ' of ' || s.listed || ' first prices are %2$s times the catalogue''s',
            array[s.factor],
            '{}'
        from beginning w
        join beginning_alike s on s.model = w.change and s.factor = w.factor
        join move m on m.change = w.change and m.axis = w.axis
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
                )) || f.more || coalesce(p.published, '{}')
                order by f.looks_like_unit desc, f.weight desc nulls last, f.axis, f.kind
            ) as evidence
        from finding f
        left join published p on p.change = f.change and p.axis = f.axis
        group by f.change
    ),
    -- What is wrong with the list as a whole.
    whole as (
        select
            w.change,
            string_agg(w.words, '; ' order by w.words) as words,
            jsonb_agg(w.evidence order by w.words) as evidence,
            bool_or(not w.to_zero) as moves,
            bool_or(w.to_zero) as to_zero
        from (
            select c.position as change, m.words, m.evidence, false as to_zero
            from change c
            join moving m on m.provider = c.provider
            union all
            select f.change, f.words, f.evidence, true
            from fee_gone f
            union all
            select g.change, g.words, g.evidence, false
            from condition_gone g
        ) as w
        group by w.change
    ),
    -- Shown to the person who reviews a first list, also where nothing is wrong.
    compared as (
        select
            e.change,
            jsonb_agg(
                jsonb_build_object(
                    'axis', m.axis,
                    'kind', 'elsewhere',
                    'now', trim_scale(m.now)::text,
                    'median', trim_scale(e.median)::text,
                    'providers', e.providers
                )
                order by m.axis
            ) as evidence
        from elsewhere e
        join move m on m.change = e.change and m.axis = e.axis
        cross join guard g
        where g.review_first
            and not (m.now >= e.median * m.guard_large_ratio or m.now * m.guard_large_ratio <= e.median)
        group by e.change
    )
    select
        c.provider,
        c.model_id,
        k.class,
        k.class || ': ' || case k.class
            when 'first_list' then 'no list of this provider has been accepted yet'
            when 'list' then concat_ws('; ', w.words, s.words)
            else concat_ws('; ', s.words, w.words)
        end,
        r.ratio,
        coalesce(v.to_zero, false) or coalesce(w.to_zero, false),
        coalesce(v.evidence, '[]') || coalesce(w.evidence, '[]') || coalesce(e.evidence, '[]')
    from change c
    cross join guard g
    left join verdict v on v.change = c.position
    left join sentence s on s.change = c.position
    left join whole w on w.change = c.position
    left join compared e on e.change = c.position
    cross join lateral (
        select case
            when v.class = 'unit' then 'unit'
            when w.moves then 'list'
            when w.to_zero then 'large'
            else coalesce(v.class, 'first_list')
        end as class
    ) as k
    left join (
        select m.change, max(m.ratio) as ratio
        from move m
        -- A new condition has no ratio, unless it looks like another unit.
        where not m.is_new_entry or m.is_unit
        group by m.change
    ) as r on r.change = c.position
    where v.change is not null or w.change is not null or g.review_first;
$$;

comment on function public.judge_price_changes(text, jsonb, jsonb, jsonb) is
'The changes, of [{id, provider, model_id, name, old, new, old_source, source, free, raw}], that the guards of a provider stop: class, reason (USD per million), largest ratio and evidence (USD per unit). p_lists: {provider: priced models in the list}; free: true where the provider says so.';
