-- One statement for all changes, because a preview or a rollback may have 25,000.
-- after: pricing_amount_differs, pricing_amounts, pricing_axes, pricing_price_moves, pricing_prices_of, pricing_set_of, pricing_unconditional_set
create or replace function public.price_changes_reach(p_changes public.pricing_change[])
returns table (change bigint, largest_factor numeric, to_free boolean)
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
-- As in compare_provider_prices.
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
    with change as materialized (
        select
            row_number() over () as position,
            -- Most sets have no conditions.
            case
                when (u.old).conditions is null then u.old
                else public.pricing_prices_of(public.pricing_unconditional_set(public.pricing_set_of(u.old)))
            end as old,
            case
                when (u.new).conditions is null then u.new
                else public.pricing_prices_of(public.pricing_unconditional_set(public.pricing_set_of(u.new)))
            end as new
        from unnest(p_changes) as u
    ),
    move as (
        select b.position, b.old_amount, b.amount
        from (
            select
                c.position,
                unnest(public.pricing_amounts(c.old)) as old_amount,
                unnest(public.pricing_amounts(c.new)) as amount
            from change c
        ) as b
        where public.pricing_amount_differs(b.old_amount, b.amount)
        union all
        select
            c.position,
            -- As the guards: a new condition is measured by the base price that it replaces.
            coalesce(nullif(m.old_amount, 0), (public.pricing_set_of(c.old) ->> m.axis)::numeric),
            m.new_amount
        from change c
        cross join lateral public.pricing_price_moves(
            '{}', '{}', coalesce((c.old).conditions, '[]'), coalesce((c.new).conditions, '[]')
        ) m
        where (c.old).conditions is not null or (c.new).conditions is not null
    ),
    reach as (
        select
            m.position,
            trim_scale(max(greatest(m.amount / m.old_amount, m.old_amount / m.amount))
                filter (where m.old_amount > 0 and m.amount > 0)) as largest_factor,
            coalesce(bool_or(m.old_amount > 0 and m.amount = 0), false) as to_zero,
            coalesce(bool_or(m.amount = 0), false) as is_zero
        from move m
        group by m.position
    )
    select
        c.position,
        r.largest_factor,
        coalesce(r.to_zero, false) or (
            coalesce(r.is_zero, false)
            and not exists (
                select
                from (
                    select public.pricing_set_of(c.new)
                    union all
                    select e.entry from jsonb_array_elements((c.new).conditions) as e (entry)
                ) as s (prices)
                cross join public.pricing_axes() a
                -- As in model_prices.price_state.
                where (s.prices ->> a.axis)::numeric > 0 and a.axis <> 'price_per_web_search'
            )
        )
    from change c
    left join reach r on r.position = c.position;
$$;

comment on function public.price_changes_reach(public.pricing_change[]) is
'Of each change, by its place among them, from 1: the largest factor by which a price moves, up or down (null: nothing to compare), and whether the model becomes free or one of its prices falls to zero.';
