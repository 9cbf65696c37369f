-- A trigger, so that prices set by a person count too. One statement may write the prices of many providers.
create or replace function public.count_price_changes()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_ids constant bigint[] := array(select n.model_id from new_rows n where n.is_in_force);
begin
    insert into public.pricing_metric_totals (provider_slug, metric, amount)
    select m.provider_slug, 'price_changes', count(*)
    from new_rows n
    -- The caller may forbid nested loops: see write_model_prices.
    join public.model_pricing m on m.id = n.model_id and m.id = any (v_ids)
    where n.is_in_force
    group by m.provider_slug;
    return null;
end;
$$;

comment on function public.count_price_changes() is
'Trigger: count the changes of prices in force, first prices included, for /metrics.';
