-- Called once a model: 22,000 of them take a fraction of a second.
create or replace function public.pricing_prices_differ(p_old numeric[], p_new numeric[])
returns boolean
language sql
immutable
security invoker
set search_path = ''
as $$
    select coalesce(bool_or(
        case
            when o.amount is null or n.amount is null then (o.amount is null) <> (n.amount is null)
            else abs(o.amount - n.amount) > 1e-12 * greatest(o.amount, n.amount)
        end
    ), false)
    from unnest(p_old) with ordinality as o(amount, axis)
    join unnest(p_new) with ordinality as n(amount, axis) using (axis);
$$;

comment on function public.pricing_prices_differ(numeric[], numeric[]) is
'Whether two sets of prices, axis by axis, differ by more than float noise (1e-12 of the larger), or known against unknown.';
