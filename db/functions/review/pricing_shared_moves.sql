-- Prices that all move by the same factor look like another unit or currency. A sweep over the sorted factors, because a list may have
-- 22,000 models: window s counts the models with a factor in [s, s * 1.01].
-- after: pricing_list_bounds
create or replace function public.pricing_shared_moves(
    p_lists jsonb,
    p_providers text[],
    p_models bigint[],
    p_factors numeric[]
)
returns table (provider text, model bigint, factor numeric, models bigint, listed bigint)
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
    with move as materialized (
        select distinct m.provider, m.model, m.factor
        from unnest(p_providers, p_models, p_factors) as m (provider, model, factor)
        where m.factor > 0
    ),
    -- A model with several factors counts once per window: where its windows overlap, the later one starts at the end of
    -- the earlier. All values are 1.01 times the start of the window, which avoids division.
    edge as (
        select
            o.provider,
            case when o.factor > o.earlier * 1.01 or o.earlier is null then o.factor else o.earlier * 1.01 end as at,
            case when o.factor > o.earlier * 1.01 or o.earlier is null then 0 else 2 end as turn,
            1 as step,
            null::numeric as factor
        from (
            select m.*, lag(m.factor) over (partition by m.provider, m.model order by m.factor) as earlier
            from move m
        ) as o
        union all
        select m.provider, m.factor * 1.01, 2, -1, null
        from move m
        union all
        select distinct m.provider, m.factor * 1.01, 1, 0, m.factor
        from move m
    ),
    counted as (
        select
            e.provider,
            e.factor,
            sum(e.step) over (partition by e.provider order by e.at, e.turn rows unbounded preceding) as models
        from edge e
    ),
    shared as materialized (
        select c.provider, c.factor, array[c.factor, c.models] as starts
        from counted c
        cross join public.pricing_list_bounds() b
        where c.factor is not null
            and c.models >= b.alike_models
            and c.models * 100 >= (p_lists ->> c.provider)::bigint * b.alike_percent
    ),
    nearest as (
        select
            m.*,
            -- The last window that starts at this factor or before it, with its count.
            max(s.starts) over (partition by m.provider order by m.factor range unbounded preceding) as nearest
        from move m
        left join shared s on s.provider = m.provider and s.factor = m.factor
    )
    select n.provider, n.model, n.factor, n.nearest[2]::bigint, (p_lists ->> n.provider)::bigint
    from nearest n
    where n.factor <= n.nearest[1] * 1.01;
$$;

comment on function public.pricing_shared_moves(jsonb, text[], bigint[], numeric[]) is
'Of moves (provider, model, factor) those that at least 5 models and 15 % of the provider''s list, {provider: priced models}, share within 1 %.';
