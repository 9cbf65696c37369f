-- One form for price sets of every origin. The axes are written out, because a first list calls it for each of 22,000
-- models; a test compares them with pricing_axes. A fee of 0 and an absent one are stored in one way, so that a list gives
-- the same row whatever was there before it.
create or replace function public.pricing_price_set(p_row jsonb)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    return jsonb_strip_nulls(jsonb_build_object(
        'price_per_input_token', trim_scale((p_row ->> 'price_per_input_token')::public.pricing_usd)::text,
        'price_per_output_token', trim_scale((p_row ->> 'price_per_output_token')::public.pricing_usd)::text,
        'price_per_cache_read_token', trim_scale((p_row ->> 'price_per_cache_read_token')::public.pricing_usd)::text,
        'price_per_cache_write_token', trim_scale((p_row ->> 'price_per_cache_write_token')::public.pricing_usd)::text,
        'price_per_cache_write_1h_token', trim_scale((p_row ->> 'price_per_cache_write_1h_token')::public.pricing_usd)::text,
        'price_per_reasoning_token', trim_scale(nullif((p_row ->> 'price_per_reasoning_token')::public.pricing_usd, 0))::text,
        'price_per_input_audio_token', trim_scale((p_row ->> 'price_per_input_audio_token')::public.pricing_usd)::text,
        'price_per_output_audio_token', trim_scale((p_row ->> 'price_per_output_audio_token')::public.pricing_usd)::text,
        'price_per_cache_read_audio_token', trim_scale((p_row ->> 'price_per_cache_read_audio_token')::public.pricing_usd)::text,
        'price_per_input_image_token', trim_scale((p_row ->> 'price_per_input_image_token')::public.pricing_usd)::text,
        'price_per_output_image_token', trim_scale((p_row ->> 'price_per_output_image_token')::public.pricing_usd)::text,
        'price_per_image', trim_scale(nullif((p_row ->> 'price_per_image')::public.pricing_usd, 0))::text,
        'price_per_request', trim_scale(nullif((p_row ->> 'price_per_request')::public.pricing_usd, 0))::text,
        'price_per_web_search', trim_scale(nullif((p_row ->> 'price_per_web_search')::public.pricing_usd, 0))::text,
        'price_per_input_character', trim_scale((p_row ->> 'price_per_input_character')::public.pricing_usd)::text,
        'price_per_audio_second', trim_scale((p_row ->> 'price_per_audio_second')::public.pricing_usd)::text,
        'price_per_page', trim_scale((p_row ->> 'price_per_page')::public.pricing_usd)::text,
        'price_per_video_second', trim_scale((p_row ->> 'price_per_video_second')::public.pricing_usd)::text
    )) || case
        when coalesce(p_row -> 'conditions', '[]') in ('[]', 'null') then '{}'
        else jsonb_build_object('conditions', p_row -> 'conditions')
    end;
end;
$$;

comment on function public.pricing_price_set(jsonb) is
'The price set in a row of model_pricing, its history or a price list, as jsonb: each known axis as a decimal string without fees of 0, which are the same as none, and the conditions where there are any.';
