-- The price in force says when its override ends. For all rows of a statement at once, so that the locks have a fixed order.
-- after: lock_provider_prices, pricing_base_set, pricing_who, write_model_prices
create or replace function public.follow_override_expiry()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- As in set_price_override.
set lock_timeout = '5s'
as $$
declare
    v_ids constant bigint[] := array(
        select n.id
        from new_rows n
        join old_rows o on o.id = n.id
        where n.ended_at is null and n.expires_at is distinct from o.expires_at
    );
    v_override record;
begin
    if v_ids = '{}' then
        return null;
    end if;
    perform public.lock_provider_prices(array(
        select m.provider_slug
        from public.pricing_overrides o
        join public.model_pricing m on m.id = o.model_id
        where o.id = any (v_ids)
    ));
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
