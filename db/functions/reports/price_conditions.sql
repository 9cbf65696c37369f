-- PostgREST takes a function of a view's row for a relation, so that model_prices embeds it.
-- after: model_price_conditions, model_prices
create or replace function public.price_conditions(price public.model_prices)
returns setof public.model_price_conditions
language sql
stable
rows 5
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select c.*
    from public.model_price_conditions c
    where c.provider = price_conditions.price.provider and c.model = price_conditions.price.model
    order by c.position;
$$;

comment on function public.price_conditions(public.model_prices) is
'The prices of a model under conditions, in their order; PostgREST embeds it in model_prices.';
