-- plpgsql, because a preview calls it for each of up to 22,000 held changes.
-- after: pricing_price_moves, pricing_set_amounts, pricing_unconditional_set
create or replace function public.price_change_reach(
    p_old jsonb, p_new jsonb, out largest_factor numeric, out to_free boolean
)
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_free boolean;
    v_old constant jsonb := public.pricing_unconditional_set(p_old);
    v_new constant jsonb := public.pricing_unconditional_set(p_new);
begin
    select
        trim_scale(max(greatest(m.new_amount / p.old_amount, p.old_amount / m.new_amount))
            filter (where p.old_amount > 0 and m.new_amount > 0)),
        coalesce(bool_or(p.old_amount > 0 and m.new_amount = 0), false),
        coalesce(bool_or(m.new_amount = 0), false)
    into largest_factor, to_free, v_is_free
    from public.pricing_price_moves(
        public.pricing_set_amounts(v_old),
        public.pricing_set_amounts(v_new),
        coalesce(v_old -> 'conditions', '[]'),
        coalesce(v_new -> 'conditions', '[]')
    ) m
    -- As the guards: a new condition is measured by the base price that it replaces.
    cross join lateral (
        select case
            when m.condition is null then m.old_amount
            else coalesce(nullif(m.old_amount, 0), (v_old ->> m.axis)::numeric)
        end as old_amount
    ) as p;
    if v_is_free and not to_free then
        to_free := not exists (
            select
            from (
                select v_new
                union all
                select c.entry from jsonb_array_elements(coalesce(v_new -> 'conditions', '[]')) as c (entry)
            ) as s (prices)
            cross join public.pricing_axes() a
            -- As in model_prices.price_state.
            where (s.prices ->> a.axis)::numeric > 0 and a.axis <> 'price_per_web_search'
        );
    end if;
end;
$$;

comment on function public.price_change_reach(jsonb, jsonb) is
'Of a change of one price set into another: the largest factor by which a price moves, up or down (null: nothing to compare), and whether the model becomes free or one of its prices falls to zero.';
