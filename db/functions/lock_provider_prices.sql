-- Whoever writes prices of a provider holds this first: rows that do not exist yet cannot be locked,
-- and a row lock on each of 22,000 models would write every page of the table to confirm a price.
create or replace function public.lock_provider_prices(p_providers text[])
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_key bigint;
begin
    for v_key in
        select distinct pg_catalog.hashtextextended('pricing_provider_prices:' || p, 0) as key
        from unnest(p_providers) as p
        order by key
    loop
        perform pg_catalog.pg_advisory_xact_lock(v_key);
    end loop;
end;
$$;

comment on function public.lock_provider_prices(text[]) is
'Hold the prices of these providers until the end of the transaction; always in the same order.';
