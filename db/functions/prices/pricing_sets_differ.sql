-- The rule of what a change is, for price sets; compare_provider_prices has it for columns, and a test compares the two. The
-- axes are written out, because it may be called for each of 22,000 models; a test compares them with pricing_axes.
-- after: pricing_prices_differ
create or replace function public.pricing_sets_differ(p_old jsonb, p_new jsonb)
returns boolean
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_old = p_new then
        return false;
    end if;
    return coalesce(p_old -> 'conditions', '[]') <> coalesce(p_new -> 'conditions', '[]')
        or public.pricing_prices_differ(
            array[
                (p_old ->> 'price_per_input_token')::public.pricing_usd,
                (p_old ->> 'price_per_output_token')::public.pricing_usd,
                (p_old ->> 'price_per_cache_read_token')::public.pricing_usd,
                (p_old ->> 'price_per_cache_write_token')::public.pricing_usd,
                (p_old ->> 'price_per_cache_write_1h_token')::public.pricing_usd,
                (p_old ->> 'price_per_input_audio_token')::public.pricing_usd,
                (p_old ->> 'price_per_output_audio_token')::public.pricing_usd,
                (p_old ->> 'price_per_cache_read_audio_token')::public.pricing_usd,
                (p_old ->> 'price_per_input_image_token')::public.pricing_usd,
                (p_old ->> 'price_per_output_image_token')::public.pricing_usd,
                coalesce((p_old ->> 'price_per_reasoning_token')::public.pricing_usd, 0),
                coalesce((p_old ->> 'price_per_image')::public.pricing_usd, 0),
                coalesce((p_old ->> 'price_per_request')::public.pricing_usd, 0),
                coalesce((p_old ->> 'price_per_web_search')::public.pricing_usd, 0),
                (p_old ->> 'price_per_input_character')::public.pricing_usd,
                (p_old ->> 'price_per_audio_second')::public.pricing_usd,
                (p_old ->> 'price_per_page')::public.pricing_usd,
                (p_old ->> 'price_per_video_second')::public.pricing_usd
            ],
            array[
                (p_new ->> 'price_per_input_token')::public.pricing_usd,
                (p_new ->> 'price_per_output_token')::public.pricing_usd,
                (p_new ->> 'price_per_cache_read_token')::public.pricing_usd,
                (p_new ->> 'price_per_cache_write_token')::public.pricing_usd,
                (p_new ->> 'price_per_cache_write_1h_token')::public.pricing_usd,
                (p_new ->> 'price_per_input_audio_token')::public.pricing_usd,
                (p_new ->> 'price_per_output_audio_token')::public.pricing_usd,
                (p_new ->> 'price_per_cache_read_audio_token')::public.pricing_usd,
                (p_new ->> 'price_per_input_image_token')::public.pricing_usd,
                (p_new ->> 'price_per_output_image_token')::public.pricing_usd,
                coalesce((p_new ->> 'price_per_reasoning_token')::public.pricing_usd, 0),
                coalesce((p_new ->> 'price_per_image')::public.pricing_usd, 0),
                coalesce((p_new ->> 'price_per_request')::public.pricing_usd, 0),
                coalesce((p_new ->> 'price_per_web_search')::public.pricing_usd, 0),
                (p_new ->> 'price_per_input_character')::public.pricing_usd,
                (p_new ->> 'price_per_audio_second')::public.pricing_usd,
                (p_new ->> 'price_per_page')::public.pricing_usd,
                (p_new ->> 'price_per_video_second')::public.pricing_usd
            ]
        );
end;
$$;

comment on function public.pricing_sets_differ(jsonb, jsonb) is
'Whether two price sets differ: a token price or fee by more than float noise, known against unknown, or other conditions; a fee of 0 is an absent fee.';
