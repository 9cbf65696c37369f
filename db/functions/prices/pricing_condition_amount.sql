-- pricing_history asks it of later rows: until when did the price under a condition stay the same?
-- after: pricing_axes
create or replace function public.pricing_condition_amount(p_conditions jsonb, p_condition jsonb, p_axis text)
returns numeric
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select (e.entry ->> p_axis)::numeric
    from jsonb_array_elements(p_conditions) with ordinality as e (entry, place)
    where e.entry @> p_condition
        and e.entry - array(select a.axis from public.pricing_axes() a) = p_condition
    order by e.place
    limit 1;
$$;

comment on function public.pricing_condition_amount(jsonb, jsonb, text) is
'The price of an axis under exactly this condition, USD for one unit; null: unknown, or there is no such condition.';
