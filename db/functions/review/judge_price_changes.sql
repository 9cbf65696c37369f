-- The verdict of the price guards. Their rules are in pricing_findings and pricing_list_findings. It writes nothing:
-- hold_price_changes does, except in a dry run.
-- after: pricing_findings, pricing_short_number
create or replace function public.judge_price_changes(
    p_provider text,
    p_changes public.pricing_change[],
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
    with finding as materialized (
        select f.*
        from public.pricing_findings(p_provider, p_changes, p_lists, p_reference) f
        -- Nearly every list ends here.
        where p_changes <> '{}'
            and exists (select from public.pricing_providers p where p.slug = p_provider and p.guards_enabled)
    ),
    change as materialized (
        select c.provider, c.model_id, c.raw, row_number() over () as position
        from unnest(case when exists (select from finding) then p_changes else '{}' end) as c
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
        where f.axis is not null and f.class <> 'first_list'
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
                    order by bool_or(f.class = 'unit') desc, max(f.weight) desc nulls last, min(f.kind), f.phrase
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
        join (select distinct s.change, s.axis from said s) as f on f.change = c.position and f.axis = e.value ->> 'axis'
        order by f.change, f.axis, length(e.key), e.key
    ),
    verdict as (
        select
            f.change,
            case
                when bool_or(f.class = 'unit') then 'unit'
                when bool_or(f.class = 'list') then 'list'
                when bool_or(f.class = 'large') then 'large'
                else 'first_list'
            end as class,
            string_agg(f.words, '; ' order by f.words) filter (where f.axis is null) as list_words,
            max(f.change_ratio) as ratio,
            bool_or(f.kind in ('zero', 'fees_gone')) as to_zero,
            jsonb_agg(
                f.evidence || coalesce(p.published, '{}')
                order by
                    f.class = 'first_list',
                    f.axis is null,
                    f.class = 'unit' desc,
                    f.weight desc nulls last,
                    f.axis,
                    case when f.axis is null then f.words end,
                    f.kind
            ) filter (where f.evidence is not null) as evidence
        from finding f
        left join published p on p.change = f.change and p.axis = f.axis and f.class <> 'first_list'
        group by f.change
    )
    select
        c.provider,
        c.model_id,
        v.class,
        v.class || ': ' || case v.class
            when 'first_list' then 'no list of this provider has been accepted yet'
            when 'list' then concat_ws('; ', v.list_words, s.words)
            else concat_ws('; ', s.words, v.list_words)
        end,
        v.ratio,
        v.to_zero,
        coalesce(v.evidence, '[]')
    from verdict v
    join change c on c.position = v.change
    left join sentence s on s.change = v.change
    order by c.position;
$$;

comment on function public.judge_price_changes(text, public.pricing_change[], jsonb, jsonb) is
'The changes that the guards of a provider stop: class, reason (USD per million), largest ratio and evidence (USD per unit). p_lists: {provider: priced models in the list}; free: true where the provider says so.';
