-- The guards of set_price_override: those of a synced change, measured against the provider's price. Measured against the
-- price in force, two overrides of 9 times each would pass where one of 81 times does not.
-- after: judge_price_changes, pricing_axes, pricing_base_set, pricing_catalogue_by_id, pricing_moves, pricing_overridden_set, pricing_prices_of, pricing_short_number
create or replace function public.judge_price_override(p_model public.model_pricing, p_prices jsonb)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- US dollars for one image, request or search, where a model has no price at all to measure by.
    v_highest_fee constant numeric := 10;
    v_base constant jsonb := public.pricing_base_set(p_model);
    v_set constant jsonb := public.pricing_overridden_set(v_base, p_prices);
    v_change constant public.pricing_change[] := array[
        row(
            p_model.id,
            p_model.provider_slug,
            p_model.model_id,
            null,
            -- The provider's own conditions stay as they are; those of the override are measured by the base.
            public.pricing_prices_of(v_base - 'conditions'),
            public.pricing_prices_of(
                (v_set - 'conditions') || case
                    when p_prices ? 'conditions' then jsonb_build_object('conditions', p_prices -> 'conditions')
                    else '{}'
                end
            ),
            'manual',
            'manual',
            null, null, null, null, null, null
        )::public.pricing_change
    ];
    -- As in model_prices.price_state.
    v_is_unpriced constant boolean := not v_base ?| array[
            'price_per_input_token', 'price_per_output_token', 'conditions'
        ]
        and not exists (
            select
            from public.pricing_axes() a
            where (v_base ->> a.axis)::numeric > 0 and a.axis <> 'price_per_web_search'
        );
    v_guard public.pricing_providers;
    v_reason text;
    v_others text;
begin
    -- A provider without a row has its prices, and the guards, from the catalogue.
    select p.* into v_guard
    from public.pricing_providers p
    where p.slug in (p_model.provider_slug, 'catalogue')
    order by p.slug <> p_model.provider_slug
    limit 1;
    if v_guard.guards_enabled is not true then
        return null;
    end if;

    select regexp_replace(j.reason, '^[a-z_]+: ', '') into v_reason
    from public.judge_price_changes(v_guard.slug, v_change) j
    -- first_list is about the provider's list, not about this price.
    where j.class <> 'first_list';

    -- Checks that lists do not need, against typing errors.
    with fixed as (
        select
            a.axis,
            a.short_name,
            a.per = 'token' as is_token,
            a.factor,
            p.amount as now,
            public.pricing_short_number(p.amount * a.factor) as shown,
            p.base,
            nullif(p.base, 0) as old,
            nullif((c.prices ->> a.axis)::numeric, 0) as catalogue,
            -- What other tokens cost by the provider's prices. Only where the provider has no price at all are the
            -- override's own prices compared with each other.
            w.lowest,
            w.highest,
            exists (
                select from public.pricing_moves(v_change) m where m.axis = a.axis and m.before > 0
            ) as is_known,
            v_guard.guard_large_ratio as large,
            case when a.axis ~ 'audio|image' then v_guard.guard_unit_ratio else v_guard.guard_large_ratio end as dearer,
            -- A cache read costs a small part of an input token.
            case
                when a.axis in ('price_per_input_token', 'price_per_output_token') then v_guard.guard_large_ratio
                else v_guard.guard_unit_ratio
            end as cheaper
        from public.pricing_axes() a
        cross join lateral (
            select (p_prices ->> a.axis)::numeric as amount, (v_base ->> a.axis)::numeric as base
        ) as p
        left join public.pricing_catalogue_by_id c
            on c.provider_slug = p_model.provider_slug and c.model_id = p_model.model_id
        cross join lateral (
            select min(o.amount) as lowest, max(o.amount) as highest
            from (
                select (case when v_is_unpriced then p_prices else v_base end ->> n.axis)::numeric as amount
                from (values ('price_per_input_token'), ('price_per_output_token')) as n (axis)
                where n.axis <> a.axis
            ) as o
            where o.amount > 0
        ) as w
        where p_prices ? a.axis
    ),
    finding as (
        select
            g.short_name,
            case
                when g.now = 0 and g.old > 0 and not g.is_token then format(
                    '%s falls to zero (%s -> 0)', g.short_name, public.pricing_short_number(g.old)
                )
                -- Reasoning without a price of its own is nothing, as fees are.
                when g.now = 0 and g.base is null and g.is_token and g.axis <> 'price_per_reasoning_token' then format(
                    '%s is zero, and there was no price', g.short_name
                )
                -- What was known is judged as a list's is, above.
                when g.now = 0 or g.is_known then null
                when g.old > 0 and g.now > v_guard.guard_highest_per_1m then format(
                    '%s %s is above %s',
                    g.short_name, g.shown, public.pricing_short_number(v_guard.guard_highest_per_1m)
                )
                when g.old > 0 and (g.now >= g.old * g.large or g.now * g.large <= g.old) then format(
                    '%s moves by %s times (%s -> %s)',
                    g.short_name,
                    public.pricing_short_number(greatest(g.now / g.old, g.old / g.now)),
                    public.pricing_short_number(g.old),
                    g.shown
                )
                when g.old > 0 then null
                when g.catalogue > 0 then case
                    when g.now >= g.catalogue * g.large or g.now * g.large <= g.catalogue then format(
                        '%s is %s times the catalogue''s %s',
                        g.short_name,
                        public.pricing_short_number(g.now / g.catalogue),
                        public.pricing_short_number(g.catalogue * g.factor)
                    )
                end
                when g.is_token and g.highest > 0 then case
                    when g.now >= g.highest * g.dearer or g.now * g.cheaper <= g.lowest then format(
                        '%s %s is %s times the price of %s, and there was none',
                        g.short_name,
                        g.shown,
                        public.pricing_short_number(
                            g.now / case when g.now > g.lowest then g.highest else g.lowest end
                        ),
                        case g.axis
                            when 'price_per_input_token' then 'output'
                            when 'price_per_output_token' then 'input'
                            else 'input and output'
                        end
                    )
                end
                when not v_is_unpriced then format(
                    '%s %s has nothing to be measured by: %s',
                    g.short_name, g.shown, case when g.base = 0 then 'it was free' else 'there was none' end
                )
                when not g.is_token and g.now > v_highest_fee then format(
                    '%s %s is above %s', g.short_name, g.shown, public.pricing_short_number(v_highest_fee)
                )
            end as words
        from fixed g
    )
    select string_agg(f.words, '; ' order by f.short_name)
    into v_others
    from finding f
    where coalesce(position(f.words in v_reason), 0) = 0;
    return nullif(concat_ws('; ', v_reason, v_others), '');
end;
$$;

comment on function public.judge_price_override(public.model_pricing, jsonb) is
'What looks wrong with an override by the guards of its provider (factor, zero, band, power of ten beside the catalogue, a price where the model has others and nothing to measure it by), in USD per million tokens or per unit; null: nothing.';
