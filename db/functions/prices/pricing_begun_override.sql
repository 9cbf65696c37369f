-- after: pricing_axes, pricing_effective_set, pricing_moment
create or replace function public.pricing_begun_override(p_override jsonb, p_at timestamptz)
returns jsonb
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    -- No price set has a fee of 0, but an override that fixes it does not follow the provider.
    select (
        select coalesce(jsonb_object_agg(a.axis, '0'), '{}')
        from public.pricing_axes() a
        where a.is_fee
            and (
                p_override ? a.axis
                or exists (
                    select
                    from jsonb_array_elements(coalesce(p_override -> 'conditions', '[]')) as c (entry)
                    where c.entry ? a.axis
                        and public.pricing_moment(c.entry ->> 'effective_from') <= p_at
                        and c.entry - 'effective_from' - array(select x.axis from public.pricing_axes() x) = '{}'
                )
            )
    ) || public.pricing_effective_set(p_override, p_at);
$$;

comment on function public.pricing_begun_override(jsonb, timestamptz) is
'The prices of an override as they are at a time: what has begun by then is fixed as the rest is, fees of 0 included.';
