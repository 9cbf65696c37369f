-- Every function that writes prices of a provider takes this lock first. Row locks would not do: rows that do not exist yet
-- cannot be locked, and 22,000 row locks would write every page of the table just to confirm prices.
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
'Lock the prices of these providers, in a fixed order, until the end of the transaction; at p_until fail with an error that names the session that has them.';
