-- after: pricing_axes
create or replace function public.pricing_set_amounts(p_set jsonb)
returns numeric[]
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select array_agg((p_set ->> a.axis)::numeric order by a.position)
    from public.pricing_axes() with ordinality as a (axis, per, is_fee, short_name, factor, position);
$$;

comment on function public.pricing_set_amounts(jsonb) is
'The base prices of a price set, one element for each row of pricing_axes and in its order: USD for one unit.';
