-- after: pricing_base_prices, pricing_differ, pricing_is_clock_turn, pricing_is_priced, pricing_set_of
create or replace function public.compare_provider_prices(
    p_provider text,
    p_targets text[],
    p_prices jsonb,
    p_observed_at timestamptz,
    p_source text,
    p_is_part boolean default false
)
returns table (
    provider_slug text,
    model_id text,
    id bigint,
    name text,
    source text,
    old_source text,
    is_changed boolean,
    is_turned boolean,
    is_touched boolean,
    is_priced boolean,
    says_free boolean,
    old_prices public.pricing_prices,
    new_prices public.pricing_prices,
    extra jsonb,
    raw jsonb
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
-- The planner estimates every JSON list at 100 rows: its nested loops take 40 s for 22,000 models, a hash join 0.5 s.
set enable_nestloop = off
-- Where one provider has most models, the planner prefers reading all to the index, also for a small provider.
set enable_seqscan = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
-- Planning it takes longer than to compare a few models.
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    return query
    with incoming as materialized (
        select
            coalesce(r.provider, p_provider) as provider_slug,
            coalesce(r.conditions, '[]') as listed_conditions,
            coalesce(r.extra, '{}') as listed_extra,
            r.*
        from jsonb_to_recordset(p_prices) as r (
            provider text,
            model_id text,
            name text,
            -- The domain refuses NaN, Infinity and negative amounts: NaN would compare as equal to any price.
            price_per_input_token public.pricing_usd,
            price_per_output_token public.pricing_usd,
            price_per_cache_read_token public.pricing_usd,
            price_per_cache_write_token public.pricing_usd,
            price_per_cache_write_1h_token public.pricing_usd,
            price_per_reasoning_token public.pricing_usd,
            price_per_input_audio_token public.pricing_usd,
            price_per_output_audio_token public.pricing_usd,
            price_per_cache_read_audio_token public.pricing_usd,
            price_per_input_image_token public.pricing_usd,
            price_per_output_image_token public.pricing_usd,
            price_per_image public.pricing_usd,
            price_per_request public.pricing_usd,
            price_per_web_search public.pricing_usd,
            price_per_input_character public.pricing_usd,
            price_per_audio_second public.pricing_usd,
            price_per_page public.pricing_usd,
            price_per_video_second public.pricing_usd,
            conditions jsonb,
            free jsonb,
            extra jsonb,
            raw jsonb
        )
    ),
    -- Lateral, so that the index serves each provider: a join would read the models of all providers.
    known as (
        select m.*
        from (select distinct t as slug from unnest(p_targets) as t) as target
        cross join lateral (
            select k as known, k.*
            from public.model_pricing k
            where not p_is_part and k.provider_slug = target.slug
            union all
            -- Many models of which few are listed.
            select k, k.*
            from public.model_pricing k
            where p_is_part
                and k.provider_slug = target.slug
                and k.model_id = any (array(select i.model_id from incoming i))
            offset 0
        ) as m
    ),
    compared as materialized (
        select
            i.provider_slug,
            i.model_id,
            left(i.name, 512) as name,
            coalesce(i.free = 'true', false) as says_free,
            i.listed_extra,
            coalesce(i.raw, '{}') as raw,
            m.known,
            p.old_prices,
            p.new_prices
        from incoming i
        left join known m on m.provider_slug = i.provider_slug and m.model_id = i.model_id
        -- Offset 0: computed once per model, not at each use.
        cross join lateral (
            select
                case when m.id is not null then public.pricing_base_prices(m.known) end as old_prices,
                row(
                    trim_scale(i.price_per_input_token),
                    trim_scale(i.price_per_output_token),
                    trim_scale(i.price_per_cache_read_token),
                    trim_scale(i.price_per_cache_write_token),
                    trim_scale(i.price_per_cache_write_1h_token),
                    trim_scale(nullif(i.price_per_reasoning_token, 0)),
                    trim_scale(i.price_per_input_audio_token),
                    trim_scale(i.price_per_output_audio_token),
                    trim_scale(i.price_per_cache_read_audio_token),
                    trim_scale(i.price_per_input_image_token),
                    trim_scale(i.price_per_output_image_token),
                    trim_scale(nullif(i.price_per_image, 0)),
                    trim_scale(nullif(i.price_per_request, 0)),
                    trim_scale(nullif(i.price_per_web_search, 0)),
                    trim_scale(i.price_per_input_character),
                    trim_scale(i.price_per_audio_second),
                    trim_scale(i.price_per_page),
                    trim_scale(i.price_per_video_second),
                    nullif(i.listed_conditions, '[]')
                )::public.pricing_prices as new_prices
            offset 0
        ) as p
        where i.provider_slug = any (p_targets)
            -- The catalogue never overwrites a price of the provider itself.
            and (p_provider <> 'catalogue' or m.id is null or m.pricing_source like 'catalogue:%')
    ),
    judged as (
        select
            c.*,
            c.differs and not t.is_turn as is_changed,
            c.differs and t.is_turn as is_turned
        from (
            select w.*, public.pricing_differ(w.old_prices, w.new_prices) as differs from compared w offset 0
        ) as c
        cross join lateral (
            select
                -- Nearly every change ends here.
                c.differs
                and (c.new_prices).conditions is not null
                and public.pricing_is_clock_turn(
                    public.pricing_set_of(c.old_prices), public.pricing_set_of(c.new_prices), p_observed_at
                ) as is_turn
            offset 0
        ) as t
    )
    select
        c.provider_slug,
        c.model_id,
        (c.known).id,
        c.name,
        p_source,
        (c.known).pricing_source,
        c.is_changed,
        c.is_turned,
        -- A change of something other than the price: new or active again, another name, list, source or extra.
        (c.known).id is null
            or coalesce(c.name, (c.known).name) is distinct from (c.known).name
            or (p_provider <> 'catalogue' and (c.known).listed_by <> p_provider)
            or (not c.is_changed and split_part(p_source, ':', 1) <> split_part((c.known).pricing_source, ':', 1))
            or (
                ((c.known).missing_count > 0 or not (c.known).is_active)
                -- Only the list that has the model says whether it is missing.
                and (p_provider <> 'catalogue' or (c.known).listed_by = p_provider)
            )
            or c.listed_extra <> (c.known).extra,
        public.pricing_is_priced(c.old_prices) and public.pricing_is_priced(c.new_prices),
        c.says_free,
        c.old_prices,
        c.new_prices,
        c.listed_extra,
        c.raw
    from judged c;
end;
$$;

comment on function public.compare_provider_prices(text, text[], jsonb, timestamptz, text, boolean) is
'Each model of a price list within the targets, beside the stored one. p_is_part: the list leaves out many models that have not changed. is_turned: it differs by the time of day only, which is no change; is_priced: a positive price, or one under a condition, before and now; says_free: the list says that the model is free.';
