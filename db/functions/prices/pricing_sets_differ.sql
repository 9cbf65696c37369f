-- after: pricing_differ, pricing_prices_of
create or replace function public.pricing_sets_differ(p_old jsonb, p_new jsonb)
returns boolean
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    -- Variables, because an expression would make them again for each axis.
    v_old constant public.pricing_prices := public.pricing_prices_of(p_old);
    v_new constant public.pricing_prices := public.pricing_prices_of(p_new);
begin
    return public.pricing_differ(v_old, v_new);
end;
$$;

comment on function public.pricing_sets_differ(jsonb, jsonb) is
'As pricing_differ, for price sets as jsonb.';
