-- after: price_changes_impact, pricing_base_set, pricing_overridden_set, pricing_prices_of, pricing_set_from, pricing_set_in_force, pricing_set_under_override, read_override_prices
create or replace function public.preview_price_override(
    provider text,
    model text,
    input_per_1m numeric default null,
    output_per_1m numeric default null,
    prices jsonb default '{}',
    effective_from timestamptz default null
)
returns table (
    models integer,
    providers text[],
    largest_factor numeric,
    to_free_count integer,
    to_free text[]
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_model public.model_pricing;
    v_base jsonb;
    v_old jsonb;
    v_prices jsonb;
begin
    select m.* into v_model
    from public.model_pricing m
    where m.provider_slug = preview_price_override.provider and m.model_id = preview_price_override.model;
    if not found then
        raise exception '% has no model %',
                coalesce(left(preview_price_override.provider, 60), 'null'),
                coalesce(quote_literal(left(preview_price_override.model, 512)), 'null')
            using errcode = 'PT404',
                hint = 'Ids are case sensitive, as the provider spells them: select provider, model from model_prices where ...';
    end if;
    v_base := public.pricing_base_set(v_model);
    -- Without its end, by which its conditions would be other ones.
    select public.pricing_set_under_override(
        v_base, o.prices, case when o.expires_at <= now() then o.expires_at end, now()
    ) into v_old
    from public.pricing_overrides o
    where o.model_id = v_model.id and o.ended_at is null;
    if input_per_1m is not null or output_per_1m is not null or coalesce(prices, '{}') <> '{}' then
        v_prices := public.read_override_prices(
            preview_price_override.prices, preview_price_override.input_per_1m, preview_price_override.output_per_1m
        );
        if isfinite(preview_price_override.effective_from) then
            v_prices := public.pricing_set_from(v_prices, preview_price_override.effective_from);
        end if;
    elsif v_model.synced is null then
        raise exception 'No override is in force for % of %', v_model.model_id, v_model.provider_slug
            using errcode = 'PT409', hint = 'Name prices to preview an override; without them its end is previewed.';
    end if;
    return query
    select i.*
    from public.price_changes_impact(array[
        row(
            v_model.id,
            v_model.provider_slug,
            v_model.model_id,
            null,
            public.pricing_prices_of(coalesce(v_old, public.pricing_set_in_force(v_model))),
            public.pricing_prices_of(
                case when v_prices is null then v_base else public.pricing_overridden_set(v_base, v_prices) end
            ),
            null, null, null, null, null, null, null, null
        )::public.pricing_change
    ]) i;
end;
$$;

comment on function public.preview_price_override(text, text, numeric, numeric, jsonb, timestamptz) is
'What set_price_override with these prices would change beside the price in force, and without prices clear_price_override: the largest factor of a price, and whether the model becomes free or one of its prices falls to zero. Changes nothing.';
