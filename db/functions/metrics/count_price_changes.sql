-- A trigger, so that prices set by a person count too. One statement may write the prices of many providers.
create or replace function public.count_price_changes()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.pricing_metric_totals (provider_slug, metric, amount)
    select n.provider_slug, 'price_changes', count(*)
    from new_rows n
    where n.is_in_force
    group by n.provider_slug;
    return null;
end;
$$;

comment on function public.count_price_changes() is
'Trigger: count the changes of prices in force, first prices included, for /metrics.';
