-- after: pricing_amounts
create or replace function public.pricing_is_priced(p_prices public.pricing_prices)
returns boolean
language sql
immutable
security invoker
return coalesce(0 < any (public.pricing_amounts(p_prices)), false) or p_prices.conditions is not null;

comment on function public.pricing_is_priced(public.pricing_prices) is
'Whether a price set has a positive price, or one under a condition.';
