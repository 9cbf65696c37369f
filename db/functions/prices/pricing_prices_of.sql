-- The domain of the axes refuses what is no price. An expression, as pricing_amount_differs.
create or replace function public.pricing_prices_of(p_set jsonb)
returns public.pricing_prices
language sql
stable
security invoker
return jsonb_populate_record(null::public.pricing_prices, p_set);

comment on function public.pricing_prices_of(jsonb) is
'The typed value of a price set of jsonb, in the form of pricing_price_set.';
