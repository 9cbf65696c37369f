-- Each tick calls it, and apply_provider_list before it compares. Requests are billed by the announcement from its moment
-- on whether or not this has run: model_price_at and docs/gateway.md read the times of conditions themselves.
-- after: pricing_base_set, pricing_effective_set, try_pricing_lock, write_model_prices
create or replace function public.apply_announced_prices(p_providers text[] default null)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- A constant, by which an index serves: most announcements are of later.
    v_until constant timestamptz := clock_timestamp();
    v_due record;
    v_model public.model_pricing;
    v_moment timestamptz;
    v_by text;
    v_applied integer := 0;
begin
    for v_due in
        select m.id, m.provider_slug
        from public.model_pricing m
        where m.next_effective_at <= v_until
            and (p_providers is null or m.provider_slug = any (p_providers))
        order by m.next_effective_at, m.id
        limit 1000
    loop
        -- As in end_expired_overrides: a locked model does not keep the others from their prices.
        continue when not public.try_pricing_lock('prices of ' || v_due.provider_slug);
        select m.* into v_model from public.model_pricing m where m.id = v_due.id for no key update skip locked;
        continue when not found;
        v_moment := null;
        -- One history row for each moment, also where a tick was late for several.
        while v_model.next_effective_at <= clock_timestamp()
            and (v_moment is null or v_model.next_effective_at > v_moment)
        loop
            v_moment := v_model.next_effective_at;
            -- The tick that ends the override is still to come.
            select 'expiry:' || o.id into v_by
            from public.pricing_overrides o
            where o.model_id = v_model.id and o.ended_at is null and o.expires_at = v_moment;
            perform public.write_model_prices(
                jsonb_build_array(jsonb_build_object(
                    'id', v_model.id,
                    'prices', public.pricing_effective_set(public.pricing_base_set(v_model), v_moment),
                    'moment', v_moment,
                    -- The row that it replaces is older: each write folds in what is due by then.
                    'effective_at', v_moment
                )),
                coalesce(v_by, 'announced:' || v_model.provider_slug),
                clock_timestamp()
            );
            select m.* into v_model from public.model_pricing m where m.id = v_due.id;
        end loop;
        v_applied := v_applied + 1;
    end loop;
    return v_applied;
end;
$$;

comment on function public.apply_announced_prices(text[]) is
'Bring the prices in force up to date where the moment of an announcement has come, of these providers or of all; returns of how many models, up to 1,000 a call.';
