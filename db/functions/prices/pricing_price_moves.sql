-- What a change is, axis by axis: the history, held changes and previews of decisions show it.
-- after: pricing_axes
create or replace function public.pricing_price_moves(
    p_old numeric[],
    p_new numeric[],
    p_old_conditions jsonb default '[]',
    p_new_conditions jsonb default '[]'
)
returns table (
    "position" integer,
    axis text,
    price text,
    condition jsonb,
    old_amount numeric,
    new_amount numeric,
    before numeric,
    after numeric
)
language plpgsql
immutable
security invoker
rows 3
-- The planner must not call it for all rows of the history to sort a page of them.
cost 3000
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        m.place::integer,
        a.axis,
        a.short_name,
        null::jsonb,
        m.old_amount,
        m.new_amount,
        trim_scale(m.old_amount * a.factor),
        trim_scale(m.new_amount * a.factor)
    from unnest(p_old, p_new) with ordinality as m (old_amount, new_amount, place)
    join public.pricing_axes() with ordinality as a (axis, per, is_fee, short_name, factor, place) on a.place = m.place
    -- As pricing_prices_differ.
    where (m.old_amount is null) <> (m.new_amount is null)
        or abs(m.old_amount - m.new_amount) > 1e-12 * greatest(m.old_amount, m.new_amount)
    order by m.place;

    -- Most changes leave the conditions as they were.
    if p_old_conditions is not distinct from p_new_conditions then
        return;
    end if;
    return query
    with axis as materialized (
        select a.*
        from public.pricing_axes() with ordinality as a (axis, per, is_fee, short_name, factor, place)
    ),
    entry as materialized (
        select e.*, row_number() over (partition by e.is_new, e.condition order by e.place) as nth
        from (
            select v.is_new, c.place, c.entry, c.entry - array(select x.axis from axis x) as condition
            from (
                values (false, p_old_conditions), (true, p_new_conditions)
            ) as v (is_new, conditions)
            cross join lateral jsonb_array_elements(v.conditions) with ordinality as c (entry, place)
        ) as e
    ),
    pair as (
        select
            coalesce(n.condition, o.condition) as condition,
            -- A condition that is gone comes after those that are there.
            coalesce(n.place, o.place + 1000) as place,
            coalesce(o.entry, '{}') as old_entry,
            coalesce(n.entry, '{}') as new_entry
        from (select * from entry e where not e.is_new) as o
        full join (select * from entry e where e.is_new) as n on n.condition = o.condition and n.nth = o.nth
    ),
    amount as (
        select
            (p.place * 100 + a.place)::integer as place,
            a.axis,
            a.short_name,
            a.factor,
            p.condition,
            p.old_entry -> a.axis as old_value,
            p.new_entry -> a.axis as new_value,
            (p.old_entry ->> a.axis)::numeric as old_amount,
            (p.new_entry ->> a.axis)::numeric as new_amount
        from pair p
        cross join axis a
        where p.old_entry ? a.axis or p.new_entry ? a.axis
    )
    select
        m.place,
        m.axis,
        m.short_name,
        m.condition,
        m.old_amount,
        m.new_amount,
        trim_scale(m.old_amount * m.factor),
        trim_scale(m.new_amount * m.factor)
    from amount m
    -- A key with null says that the price is unknown there; without the key nothing is said.
    where (m.old_value is null) <> (m.new_value is null)
        or (m.old_amount is null) <> (m.new_amount is null)
        or abs(m.old_amount - m.new_amount) > 1e-12 * greatest(m.old_amount, m.new_amount)
    order by m.place;
end;
$$;

comment on function public.pricing_price_moves(numeric[], numeric[], jsonb, jsonb) is
'Each price that differs between two price sets, given by their base prices in the order of pricing_axes and their conditions: position (base prices first), axis, its name in model_prices, condition (null: the base price), amounts for one unit, and before and after in the unit of that name (per million tokens or characters).';
