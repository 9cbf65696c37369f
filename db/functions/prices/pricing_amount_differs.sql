-- Its body is an expression, so that it becomes a part of the statement that calls it and costs no call.
create or replace function public.pricing_amount_differs(p_old numeric, p_new numeric)
returns boolean
language sql
immutable
security invoker
return p_old is distinct from p_new
    and (p_old is null or p_new is null or abs(p_old - p_new) > 1e-12 * greatest(p_old, p_new));

comment on function public.pricing_amount_differs(numeric, numeric) is
'Whether two amounts differ by more than float noise (1e-12 of the larger), or known against unknown.';
