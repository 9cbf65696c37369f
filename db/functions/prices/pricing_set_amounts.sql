-- after: pricing_amounts, pricing_prices_of
create or replace function public.pricing_set_amounts(p_set jsonb)
returns numeric[]
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_prices constant public.pricing_prices := public.pricing_prices_of(p_set);
begin
    return public.pricing_amounts(v_prices);
end;
$$;

comment on function public.pricing_set_amounts(jsonb) is
'As pricing_amounts, for a price set as jsonb.';
