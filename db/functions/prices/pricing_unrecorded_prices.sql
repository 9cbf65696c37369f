-- The doctor calls it. Nearly none of 125,000 models differs, so it compares columns, and makes price sets only of those
-- that differ. The axes are written out for that; a test compares them with pricing_axes.
-- after: pricing_price_set, pricing_set_in_force, pricing_sets_differ
create or replace function public.pricing_unrecorded_prices(most integer default 1000)
returns table (provider text, model text, in_force jsonb, recorded jsonb, recorded_at timestamptz)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
set jit = off
-- Sort the newest rows of 125,000 models in memory.
set work_mem = '64MB'
as $$
    with newest as materialized (
        -- The highest id, as in model_price_at, without rows of the provider's price under an override.
        select h.model_id, max(h.id) as id
        from public.model_pricing_history h
        where h.is_in_force
        group by h.model_id
    ),
    unlike as materialized (
        select m.id, h.id as history_id
        from public.model_pricing m
        left join newest n on n.model_id = m.id
        left join public.model_pricing_history h on h.id = n.id
        where (
            m.price_per_input_token,
            m.price_per_output_token,
            m.price_per_cache_read_token,
            m.price_per_cache_write_token,
            m.price_per_cache_write_1h_token,
            m.price_per_reasoning_token,
            m.price_per_input_audio_token,
            m.price_per_output_audio_token,
            m.price_per_cache_read_audio_token,
            m.price_per_input_image_token,
            m.price_per_output_image_token,
            m.price_per_image,
            m.price_per_request,
            m.price_per_web_search,
            m.price_per_input_character,
            m.price_per_audio_second,
            m.price_per_page,
            m.price_per_video_second,
            m.conditions
        ) is distinct from (
            h.price_per_input_token,
            h.price_per_output_token,
            h.price_per_cache_read_token,
            h.price_per_cache_write_token,
            h.price_per_cache_write_1h_token,
            h.price_per_reasoning_token,
            h.price_per_input_audio_token,
            h.price_per_output_audio_token,
            h.price_per_cache_read_audio_token,
            h.price_per_input_image_token,
            h.price_per_output_image_token,
            h.price_per_image,
            h.price_per_request,
            h.price_per_web_search,
            h.price_per_input_character,
            h.price_per_audio_second,
            h.price_per_page,
            h.price_per_video_second,
            coalesce(h.conditions, '[]')
        )
    )
    select p.*
    from (
        select m.provider_slug, m.model_id, s.in_force, s.recorded, h.changed_at
        from unlike u
        join public.model_pricing m on m.id = u.id
        left join public.model_pricing_history h on h.id = u.history_id
        cross join lateral (
            select
                public.pricing_set_in_force(m) as in_force,
                public.pricing_price_set(coalesce(to_jsonb(h), '{}')) as recorded
            offset 0
        ) as s
        where public.pricing_sets_differ(s.in_force, s.recorded)
        limit most
    ) as p
    order by 1, 2;
$$;

comment on function public.pricing_unrecorded_prices(integer) is
'Models whose price in force differs from their last history row, because one of the two was changed by hand; at most so many, as price sets. record_price_in_force(provider, model) adds the history row.';
