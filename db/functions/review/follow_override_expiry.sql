-- The price in force says when its override ends. For all rows of a statement at once, so that the locks have a fixed order.
-- after: poll_pricing_lock, pricing_base_set, pricing_who, write_model_prices
create or replace function public.follow_override_expiry()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_ids constant bigint[] := array(
        select n.id
        from new_rows n
        join old_rows o on o.id = n.id
        where n.ended_at is null and n.expires_at is distinct from o.expires_at
    );
    v_until constant timestamptz := clock_timestamp() + interval '3 seconds';
    v_provider text;
    v_override record;
begin
    if v_ids = '{}' then
        return null;
    end if;
    -- The lock of lock_provider_prices.
    for v_provider in
        select distinct m.provider_slug
        from public.pricing_overrides o
        join public.model_pricing m on m.id = o.model_id
        where o.id = any (v_ids)
        order by m.provider_slug
    loop
        perform public.poll_pricing_lock('prices of ' || v_provider, v_until);
    end loop;
    for v_override in
        select o.id, m.id as model_id, public.pricing_base_set(m) as prices, o.expires_at <= clock_timestamp() as has_expired
        from public.pricing_overrides o
        join public.model_pricing m on m.id = o.model_id
        where o.id = any (v_ids)
        order by o.id
        for no key update of m
    loop
        perform public.write_model_prices(
            jsonb_build_array(jsonb_build_object('id', v_override.model_id, 'prices', v_override.prices)),
            case when v_override.has_expired then 'expiry:' || v_override.id else 'manual:' || public.pricing_who() end
        );
    end loop;
    return null;
end;
$$;

comment on function public.follow_override_expiry() is
'Trigger: an override whose expiry was changed by hand is charged until the new one. The next tick ends one that has expired.';
