-- The price in force says when its override ends. One that has expired is ended by the next tick.
-- after: pricing_base_set, pricing_who, write_model_prices
create or replace function public.follow_override_expiry()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- As in set_price_override.
set lock_timeout = '5s'
as $$
declare
    v_model public.model_pricing;
begin
    if new.ended_at is not null or new.expires_at <= clock_timestamp() then
        return null;
    end if;
    perform public.lock_provider_prices(
        array(select m.provider_slug from public.model_pricing m where m.id = new.model_id)
    );
    select m.* into strict v_model from public.model_pricing m where m.id = new.model_id for no key update;
    perform public.write_model_prices(
        jsonb_build_array(jsonb_build_object('id', v_model.id, 'prices', public.pricing_base_set(v_model))),
        'manual:' || public.pricing_who()
    );
    return null;
end;
$$;

comment on function public.follow_override_expiry() is
'Trigger: an override whose expiry was changed by hand is charged until the new one.';
