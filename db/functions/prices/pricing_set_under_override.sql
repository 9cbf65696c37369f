-- The end of an override is announced like a provider's next price, so that bills follow at that time, however late the tick
-- that ends it.
-- after: capped_expiry, pricing_begun_override, pricing_effective_set, pricing_overridden_set, pricing_replaced_set, pricing_set_from, pricing_set_until
create or replace function public.pricing_set_under_override(
    p_synced jsonb,
    p_override jsonb,
    p_expires_at timestamptz,
    p_at timestamptz
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_ends_at constant timestamptz := public.capped_expiry(p_expires_at);
    v_fixed constant jsonb := public.pricing_begun_override(p_override, p_at);
    v_set jsonb;
begin
    if v_ends_at <= p_at then
        v_set := p_synced;
    elsif v_ends_at is null then
        v_set := public.pricing_overridden_set(p_synced, v_fixed);
    else
        v_set := public.pricing_overridden_set(p_synced, public.pricing_set_until(v_fixed, v_ends_at));
        -- Last, because later conditions win.
        v_set := v_set || jsonb_build_object(
            'conditions',
            coalesce(v_set -> 'conditions', '[]')
                || (public.pricing_set_from(public.pricing_replaced_set(p_synced, v_fixed), v_ends_at) -> 'conditions')
        );
    end if;
    return public.pricing_effective_set(v_set, p_at);
end;
$$;

comment on function public.pricing_set_under_override(jsonb, jsonb, timestamptz, timestamptz) is
'The price set in force at a time under an override: its prices, all others of the synced set, and from its expiry on as conditions the synced prices that it replaces. From then on the synced set.';
