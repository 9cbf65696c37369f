-- Whoever writes prices of a provider holds this first: rows that do not exist yet cannot be locked,
-- and a row lock on each of 22,000 models would write every page of the table to confirm a price.
-- after: take_pricing_lock
create or replace function public.lock_provider_prices(
    p_providers text[], p_until timestamptz default clock_timestamp() + interval '5 seconds'
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_provider text;
begin
    for v_provider in
        select distinct p from unnest(p_providers) as p where p is not null order by p
    loop
        perform public.take_pricing_lock('prices of ' || v_provider, p_until);
    end loop;
end;
$$;

comment on function public.lock_provider_prices(text[], timestamptz) is
'Hold the prices of these providers until the end of the transaction, always in the same order; an error that says who has them when they cannot be had until this time.';
