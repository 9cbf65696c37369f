-- What set_price_override asks: the checks of a synced change, against what the provider says. Against the price in force
-- two steps of 9 times would pass where one of 81 does not, because an override comes from a person and not from a list.
-- after: judge_price_changes, pricing_axes, pricing_base_set, pricing_overridden_set, pricing_short_number
create or replace function public.judge_price_override(p_model public.model_pricing, p_prices jsonb)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- US dollars for one image, request or search, where there was no such price to measure by.
    v_highest_fee constant numeric := 10;
    v_base constant jsonb := public.pricing_base_set(p_model);
    v_set constant jsonb := public.pricing_overridden_set(v_base, p_prices);
    v_guard public.pricing_providers;
    v_reason text;
    v_fees text;
begin
    -- A provider without a row has its prices from the catalogue, whose guards are theirs too.
    select p.* into v_guard
    from public.pricing_providers p
    where p.slug in (p_model.provider_slug, 'catalogue')
    order by p.slug <> p_model.provider_slug
    limit 1;
    if v_guard.guards_enabled is not true then
        return null;
    end if;

    select regexp_replace(j.reason, '^[a-z_]+: ', '') into v_reason
    from public.judge_price_changes(
        v_guard.slug,
        jsonb_build_array(jsonb_build_object(
            'id', p_model.id,
            'provider', p_model.provider_slug,
            'model_id', p_model.model_id,
            -- An override adds no condition.
            'old', v_base - 'conditions',
            'new', v_set - 'conditions',
            'old_source', 'manual',
            'source', 'manual',
            'is_free', false
        ))
    ) j
    -- That nobody has looked at the provider's list yet says nothing of this price.
    where j.class <> 'first_list';

    -- What is not paid for tokens: lists are not judged by it, people mistype it all the same.
    select string_agg(
        case
            when f.now = 0 then format('%s falls to zero (%s -> 0)', f.short_name, public.pricing_short_number(f.old))
            when f.old is null and f.is_token then format(
                '%s %s is %s times the price of input and output, and there was none',
                f.short_name,
                public.pricing_short_number(f.now * 1000000),
                public.pricing_short_number(f.now / f.usual)
            )
            when f.old is null or f.now > f.highest then format(
                '%s %s is above %s',
                f.short_name,
                public.pricing_short_number(f.now),
                public.pricing_short_number(case when f.old is null then v_highest_fee else f.highest end)
            )
            else format(
                '%s moves by %s times (%s -> %s)',
                f.short_name,
                public.pricing_short_number(greatest(f.now / f.old, f.old / f.now)),
                public.pricing_short_number(f.old),
                public.pricing_short_number(f.now)
            )
        end,
        '; ' order by f.short_name
    )
    into v_fees
    from (
        select
            a.short_name,
            a.per = 'token' as is_token,
            (p_prices ->> a.axis)::numeric as now,
            nullif((v_base ->> a.axis)::numeric, 0) as old,
            v_guard.guard_highest_per_1m as highest,
            nullif(
                greatest(
                    (v_set ->> 'price_per_input_token')::numeric, (v_set ->> 'price_per_output_token')::numeric
                ),
                0
            ) as usual
        from public.pricing_axes() a
        where p_prices ? a.axis
    ) as f
    where case
        -- Those that were known are judged as a list's are, above.
        when f.is_token then f.old is null and f.now >= f.usual * v_guard.guard_unit_ratio
        when f.old is null then f.now > v_highest_fee
        else f.now > f.highest
            or f.now = 0
            or f.now >= f.old * v_guard.guard_large_ratio
            or f.now * v_guard.guard_large_ratio <= f.old
    end;
    return nullif(concat_ws('; ', v_reason, v_fees), '');
end;
$$;

comment on function public.judge_price_override(public.model_pricing, jsonb) is
'What looks wrong with an override by the guards of its provider (factor, fall to zero, band, power of ten beside the catalogue), in USD per million tokens or per unit; null: nothing.';
