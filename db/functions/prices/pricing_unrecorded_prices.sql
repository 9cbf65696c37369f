-- The doctor calls it.
-- after: pricing_differ, pricing_prices_in_force, pricing_recorded_prices, pricing_set_of
create or replace function public.pricing_unrecorded_prices(most integer default 1000)
returns table (provider text, model text, in_force jsonb, recorded jsonb, recorded_at timestamptz)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
set jit = off
-- Sort the newest rows of 125,000 models in memory.
set work_mem = '64MB'
as $$
    with newest as materialized (
        -- The highest id, as in model_price_at, without rows of the provider's price under an override.
        select h.model_id, max(h.id) as id
        from public.model_pricing_history h
        where h.is_in_force
        group by h.model_id
    )
    select p.*
    from (
        select
            m.provider_slug,
            m.model_id,
            public.pricing_set_of(s.in_force) as in_force,
            public.pricing_set_of(s.recorded) as recorded,
            h.changed_at
        from public.model_pricing m
        left join newest n on n.model_id = m.id
        left join public.model_pricing_history h on h.id = n.id
        -- Offset 0: computed once per model, not at each use.
        cross join lateral (
            select public.pricing_prices_in_force(m) as in_force, public.pricing_recorded_prices(h) as recorded
            offset 0
        ) as s
        where public.pricing_differ(s.in_force, s.recorded)
        limit most
    ) as p
    order by 1, 2;
$$;

comment on function public.pricing_unrecorded_prices(integer) is
'Models whose price in force differs from their last history row, because one of the two was changed by hand; at most so many, as price sets. record_price_in_force(provider, model) adds the history row.';
