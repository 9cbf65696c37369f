-- after: model_prices, pricing_history
create or replace function public.price_history(price public.model_prices)
returns setof public.pricing_history
language sql
stable
rows 20
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select h.*
    from public.pricing_history h
    where h.provider = price_history.price.provider and h.model = price_history.price.model
    order by h.changed_at desc, h.id desc, h.position;
$$;

comment on function public.price_history(public.model_prices) is
'Every price change of a model, newest first; PostgREST embeds it in model_prices.';
