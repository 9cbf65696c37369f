-- after: capped_expiry, judge_price_override, pricing_set_from, read_override_prices, write_model_prices, require_author
create or replace function public.set_price_override(
    provider text,
    model text,
    reason text,
    input_per_1m numeric default null,
    output_per_1m numeric default null,
    prices jsonb default '{}',
    expires_at timestamptz default null,
    author text default current_user,
    force boolean default false,
    effective_from timestamptz default null
)
returns public.pricing_overrides
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- The audit log stores times as text, independent of the caller's settings.
set TimeZone = 'UTC'
-- Waits for a running sync of the provider, but not for an open transaction.
set lock_timeout = '5s'
as $$
declare
    v_prices jsonb;
    v_model public.model_pricing;
    v_base jsonb;
    v_suspicion text;
    v_replaced bigint;
    v_override public.pricing_overrides;
    v_now timestamptz;
begin
    perform public.require_author('author', set_price_override.author, 'Name the person who sets the price.');
    if reason is null or length(reason) > 500 or btrim(reason) = '' then
        raise exception 'reason must have 1 to 500 characters'
            using errcode = 'PT422', hint = 'Say where the price comes from.';
    end if;
    perform public.require_expiry(
        'expires_at', set_price_override.expires_at, 'null for one that does not end by itself'
    );
    if set_price_override.effective_from is distinct from public.capped_expiry(set_price_override.effective_from)
        or set_price_override.effective_from >= set_price_override.expires_at
    then
        raise exception 'effective_from cannot be %', set_price_override.effective_from
            using errcode = 'PT422', hint = 'It is a time before expires_at, up to 9999-12-31 00:00 UTC; left out, the prices are in force at once.';
    end if;
    v_prices := public.read_override_prices(
        set_price_override.prices, set_price_override.input_per_1m, set_price_override.output_per_1m
    );

    perform public.lock_provider_prices(array[set_price_override.provider]);
    select m.* into v_model
    from public.model_pricing m
    where m.provider_slug = set_price_override.provider and m.model_id = set_price_override.model
    for no key update;
    if not found then
        raise exception '% has no model %',
                coalesce(left(set_price_override.provider, 60), 'null'),
                coalesce(quote_literal(left(set_price_override.model, 512)), 'null')
            using errcode = 'PT404',
                hint = 'Ids are case sensitive, as the provider spells them: select provider, model from model_prices where ...';
    end if;

    v_suspicion := public.judge_price_override(v_model, v_prices);
    if v_suspicion is not null and set_price_override.force is not true then
        raise exception '%/%: % - to set it anyway, use force => true', v_model.provider_slug, v_model.model_id, v_suspicion
            using errcode = 'PT409',
                hint = 'Amounts are US dollars per million tokens, or for one unit. force => true (--force, "force": true) sets it all the same, and is recorded.';
    end if;
    -- After the guards, which compare base prices with more than those under conditions.
    if set_price_override.effective_from is not null then
        v_prices := public.pricing_set_from(v_prices, set_price_override.effective_from);
    end if;

    v_base := public.pricing_base_set(v_model);
    v_now := clock_timestamp();
    update public.pricing_overrides o
    set ended_at = v_now, ended_by = set_price_override.author
    where o.model_id = v_model.id and o.ended_at is null
    returning o.id into v_replaced;
    insert into public.pricing_overrides as o (model_id, prices, reason, created_by, created_at, expires_at, forced)
    values (
        v_model.id,
        v_prices,
        set_price_override.reason,
        set_price_override.author,
        v_now,
        set_price_override.expires_at,
        v_suspicion is not null
    )
    returning o.* into v_override;
    perform public.write_model_prices(
        jsonb_build_array(jsonb_build_object('id', v_model.id, 'prices', v_base)),
        'manual:' || set_price_override.author,
        v_now
    );
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        set_price_override.author,
        'set_price_override',
        v_model.provider_slug || '/' || v_model.model_id,
        jsonb_build_object(
            'override', v_override.id,
            'replaces', v_replaced,
            'prices', v_override.prices,
            'reason', v_override.reason,
            'expires_at', v_override.expires_at,
            'forced', v_override.forced,
            -- What the guards found, when force was used.
            'suspicion', v_suspicion
        )
    );
    return v_override;
end;
$$;

comment on function public.set_price_override(text, text, text, numeric, numeric, jsonb, timestamptz, text, boolean, timestamptz) is
'Fix prices of a model until the override is cleared or expires: USD per million tokens by the names of model_prices, or per unit by the columns of model_pricing, and in prices conditions as docs/gateway.md has them; from effective_from on, or at once. All others follow the provider. Replaces the override in force, also where it begins later; returns the new one. Prices that the provider''s guards find suspicious need force.';
