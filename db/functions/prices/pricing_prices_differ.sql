-- after: pricing_amount_differs
create or replace function public.pricing_prices_differ(p_old numeric[], p_new numeric[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    for v_axis in 1..cardinality(p_old) loop
        if public.pricing_amount_differs(p_old[v_axis], p_new[v_axis]) then
            return true;
        end if;
    end loop;
    return false;
end;
$$;

comment on function public.pricing_prices_differ(numeric[], numeric[]) is
'Whether two sets of prices, axis by axis, differ by more than float noise (1e-12 of the larger), or known against unknown.';
