-- Called once per model, so it must be fast: 22,000 calls take a fraction of a second.
create or replace function public.pricing_prices_differ(p_old numeric[], p_new numeric[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_old numeric;
    v_new numeric;
begin
    for v_axis in 1..cardinality(p_old) loop
        v_old := p_old[v_axis];
        v_new := p_new[v_axis];
        if v_old is distinct from v_new and (
            v_old is null or v_new is null or abs(v_old - v_new) > 1e-12 * greatest(v_old, v_new)
        ) then
            return true;
        end if;
    end loop;
    return false;
end;
$$;

comment on function public.pricing_prices_differ(numeric[], numeric[]) is
'Whether two sets of prices, axis by axis, differ by more than float noise (1e-12 of the larger), or known against unknown.';
