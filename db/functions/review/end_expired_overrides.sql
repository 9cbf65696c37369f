-- Each tick of the schedule calls it. Bills do not wait for that: the price in force says when its override ends.
-- after: apply_announced_prices, pricing_base_set, pricing_set_in_force, pricing_set_under_override, pricing_sets_differ, try_pricing_lock, write_model_prices
create or replace function public.end_expired_overrides()
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- What may be due, by an index: the sets of all models with an override are compared only where they may differ. A
    -- subquery, because a join would read all models once there are many overrides.
    v_ids constant bigint[] := array(
        select o.model_id
        from public.pricing_overrides o
        where o.ended_at is null
            and o.expires_at < 'infinity'
            and (
                o.expires_at <= clock_timestamp()
                or coalesce(
                    (select m.next_effective_at from public.model_pricing m where m.id = o.model_id), 'infinity'
                ) > o.expires_at
            )
    );
    v_announced text[];
    v_due record;
    v_model public.model_pricing;
    v_override public.pricing_overrides;
    v_now timestamptz;
    v_ended integer := 0;
begin
    if v_ids = '{}' then
        return 0;
    end if;
    v_announced := array(
        select distinct m.provider_slug
        from public.pricing_overrides o
        join public.model_pricing m on m.id = o.model_id
        where o.model_id = any (v_ids)
            and o.ended_at is null
            and o.expires_at <= clock_timestamp()
            and m.next_effective_at <= clock_timestamp()
    );
    -- It writes the price of that time, however late this is, and what was announced before and after it.
    if v_announced <> '{}' then
        perform public.apply_announced_prices(v_announced);
    end if;
    for v_due in
        select o.id, m.id as model_id, m.provider_slug
        from public.pricing_overrides o
        join public.model_pricing m on m.id = o.model_id
        where o.model_id = any (v_ids)
            and m.id = any (v_ids)
            and o.ended_at is null
            and (
                o.expires_at <= clock_timestamp()
                -- A version before 0.7.0 has set it and did not write when it ends.
                or (
                    o.expires_at < 'infinity'
                    and coalesce(m.next_effective_at, 'infinity') > o.expires_at
                    and public.pricing_sets_differ(
                        public.pricing_set_in_force(m),
                        public.pricing_set_under_override(
                            public.pricing_base_set(m), o.prices, o.expires_at, clock_timestamp()
                        )
                    )
                )
            )
        order by o.expires_at, o.id
        limit 1000
    loop
        -- The lock of lock_provider_prices, without waiting, and no other wait below: a locked override must not keep the
        -- others from ending. The next tick tries it again.
        continue when not public.try_pricing_lock('prices of ' || v_due.provider_slug);
        select m.* into v_model from public.model_pricing m where m.id = v_due.model_id for no key update skip locked;
        continue when not found;
        select o.* into v_override
        from public.pricing_overrides o
        where o.id = v_due.id and o.ended_at is null
        for no key update skip locked;
        continue when not found;
        v_now := clock_timestamp();
        if v_override.expires_at <= v_now then
            -- It has come since, or waits for the next call.
            continue when v_model.next_effective_at <= v_now;
            update public.pricing_overrides o set ended_at = v_now, ended_by = 'expiry' where o.id = v_override.id;
            v_ended := v_ended + 1;
        end if;
        perform public.write_model_prices(
            jsonb_build_array(jsonb_build_object('id', v_model.id, 'prices', public.pricing_base_set(v_model))),
            case
                when v_override.expires_at <= v_now then 'expiry:' || v_override.id
                else 'repair:override_expiry'
            end,
            v_now
        );
    end loop;
    return v_ended;
end;
$$;

comment on function public.end_expired_overrides() is
'End the overrides that have expired: the providers'' prices are in force again. Returns how many, up to 1,000 a call.';
