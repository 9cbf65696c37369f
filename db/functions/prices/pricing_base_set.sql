-- after: pricing_base_prices, pricing_set_of
create or replace function public.pricing_base_set(p_model public.model_pricing)
returns jsonb
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(p_model.synced, public.pricing_set_in_force(p_model));
end;
$$;

comment on function public.pricing_base_set(public.model_pricing) is
'The last accepted price set of the provider: the one in force, or under an override the synced one.';
