-- Compares typed columns, because nearly none of 22,000 models has changed, and makes price sets of the changed ones only.
-- pricing_sets_differ is the same rule for price sets, and a test compares the two.
-- after: pricing_base_set, pricing_is_clock_turn, pricing_price_set, pricing_prices_differ, pricing_sets_differ
create or replace function public.compare_provider_prices(
    p_provider text,
    p_targets text[],
    p_prices jsonb,
    p_observed_at timestamptz,
    p_source text
)
returns table (
    provider_slug text,
    model_id text,
    id bigint,
    name text,
    source text,
    old_source text,
    is_changed boolean,
    is_touched boolean,
    is_priced boolean,
    says_free boolean,
    old_prices jsonb,
    new_prices jsonb,
    extra jsonb,
    raw jsonb
)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
-- The planner estimates every JSON list at 100 rows: its nested loops take 40 s for 22,000 models, a hash join 0.5 s.
set enable_nestloop = off
-- Where one provider has most models, the planner prefers reading all to the index, also for a small provider.
set enable_seqscan = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
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
            select k as known, k.* from public.model_pricing k where k.provider_slug = target.slug offset 0
        ) as m
    ),
    compared as materialized (
        select
            i as incoming,
            m.known,
            -- Token axes first, where null is unknown; an absent fee is a fee of 0.
            array[
                m.price_per_input_token,
                m.price_per_output_token,
                m.price_per_cache_read_token,
                m.price_per_cache_write_token,
                m.price_per_cache_write_1h_token,
                m.price_per_input_audio_token,
                m.price_per_output_audio_token,
                m.price_per_cache_read_audio_token,
                m.price_per_input_image_token,
                m.price_per_output_image_token,
                coalesce(m.price_per_reasoning_token, 0),
                coalesce(m.price_per_image, 0),
                coalesce(m.price_per_request, 0),
                coalesce(m.price_per_web_search, 0),
                m.price_per_input_character,
                m.price_per_audio_second,
                m.price_per_page,
                m.price_per_video_second
            ]::numeric[] as old_amounts,
            array[
                i.price_per_input_token,
                i.price_per_output_token,
                i.price_per_cache_read_token,
                i.price_per_cache_write_token,
                i.price_per_cache_write_1h_token,
                i.price_per_input_audio_token,
                i.price_per_output_audio_token,
                i.price_per_cache_read_audio_token,
                i.price_per_input_image_token,
                i.price_per_output_image_token,
                coalesce(i.price_per_reasoning_token, 0),
                coalesce(i.price_per_image, 0),
                coalesce(i.price_per_request, 0),
                coalesce(i.price_per_web_search, 0),
                i.price_per_input_character,
                i.price_per_audio_second,
                i.price_per_page,
                i.price_per_video_second
            ]::numeric[] as new_amounts
        from incoming i
        left join known m on m.provider_slug = i.provider_slug and m.model_id = i.model_id
        where i.provider_slug = any (p_targets)
            -- The catalogue never overwrites a price of the provider itself.
            and (p_provider <> 'catalogue' or m.id is null or m.pricing_source like 'catalogue:%')
    ),
    differing as materialized (
        select
            c.*,
            case
                -- Under an override the price in force is not the provider's.
                when (c.known).synced is not null then
                    public.pricing_sets_differ((c.known).synced, public.pricing_price_set(to_jsonb(c.incoming)))
                else
                    (c.incoming).listed_conditions <> coalesce((c.known).conditions, '[]')
                    -- Most arrays are equal and need no comparison by axis.
                    or (
                        c.old_amounts is distinct from c.new_amounts
                        and public.pricing_prices_differ(c.old_amounts, c.new_amounts)
                    )
            end as differs
        from compared c
    )
    select
        (d.incoming).provider_slug,
        (d.incoming).model_id,
        (d.known).id,
        left((d.incoming).name, 512),
        p_source,
        (d.known).pricing_source,
        s.is_changed,
        -- A change of something other than the price: new or active again, another name, list, source or extra.
        (d.known).id is null
            or coalesce(left((d.incoming).name, 512), (d.known).name) is distinct from (d.known).name
            or (p_provider <> 'catalogue' and (d.known).listed_by <> p_provider)
            or (not s.is_changed and split_part(p_source, ':', 1) <> split_part((d.known).pricing_source, ':', 1))
            or (
                ((d.known).missing_count > 0 or not (d.known).is_active)
                -- Only the list that has the model says whether it is missing.
                and (p_provider <> 'catalogue' or (d.known).listed_by = p_provider)
            )
            or (d.incoming).listed_extra <> (d.known).extra,
        (coalesce(0 < any (d.new_amounts), false) or (d.incoming).listed_conditions <> '[]') and case
            when (d.known).synced is null then
                coalesce(0 < any (d.old_amounts), false) or coalesce((d.known).conditions, '[]') <> '[]'
            else (d.known).synced ? 'conditions' or exists (
                select from public.pricing_axes() a where ((d.known).synced ->> a.axis)::numeric > 0
            )
        end,
        coalesce((d.incoming).free = 'true', false),
        s.old_prices,
        s.new_prices,
        (d.incoming).listed_extra,
        coalesce((d.incoming).raw, '{}')
    from differing d
    -- Offset 0: computed once per model, not at each use.
    cross join lateral (
        select
            case
                when d.differs and (d.known).id is null then '{}'
                when d.differs then public.pricing_base_set(d.known)
            end as old_prices,
            case when d.differs then public.pricing_price_set(to_jsonb(d.incoming)) end as new_prices
        offset 0
    ) as p
    cross join lateral (
        select
            p.old_prices,
            p.new_prices,
            d.differs and not public.pricing_is_clock_turn(p.old_prices, p.new_prices, p_observed_at) as is_changed
        offset 0
    ) as s;
$$;

comment on function public.compare_provider_prices(text, text[], jsonb, timestamptz, text) is
'Each model of a price list within the targets, beside the stored one; price sets only where they differ. is_priced: a positive price, or one under a condition, before and now; says_free: the list says that the model is free.';
