-- after: pricing_price_moves, pricing_set_amounts
create or replace function public.pricing_set_moves(p_old jsonb, p_new jsonb)
returns jsonb
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'price', m.price,
                'before', m.before::text,
                'after', m.after::text,
                'percent',
                case when m.before > 0 then trim_scale((m.after - m.before) * 100 / m.before)::text end,
                'condition', m.condition
            )
            order by m.position
        ),
        '[]'
    )
    from public.pricing_price_moves(
        public.pricing_set_amounts(p_old),
        public.pricing_set_amounts(p_new),
        coalesce(p_old -> 'conditions', '[]'),
        coalesce(p_new -> 'conditions', '[]')
    ) m;
$$;

comment on function public.pricing_set_moves(jsonb, jsonb) is
'Each price that differs between two price sets, [{price, before, after, percent, condition}], by its name in model_prices: decimal strings in the unit of that name, null is unknown.';
