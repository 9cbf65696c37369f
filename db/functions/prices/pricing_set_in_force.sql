-- after: pricing_prices_in_force, pricing_set_of
create or replace function public.pricing_set_in_force(p_model public.model_pricing)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    -- A variable, because an expression would make it again for each axis.
    v_prices constant public.pricing_prices := public.pricing_prices_in_force(p_model);
begin
    return public.pricing_set_of(v_prices);
end;
$$;

comment on function public.pricing_set_in_force(public.model_pricing) is
'The price set in force of a model: each known axis as a decimal string without fees of 0, and the conditions where there are any.';
