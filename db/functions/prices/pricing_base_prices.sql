-- An expression, as pricing_amount_differs.
-- after: pricing_prices_in_force, pricing_prices_of
create or replace function public.pricing_base_prices(p_model public.model_pricing)
returns public.pricing_prices
language sql
stable
security invoker
return case
    when p_model.synced is null then public.pricing_prices_in_force(p_model)
    else public.pricing_prices_of(p_model.synced)
end;

comment on function public.pricing_base_prices(public.model_pricing) is
'The last accepted price set of the provider: the one in force, or under an override the synced one.';
