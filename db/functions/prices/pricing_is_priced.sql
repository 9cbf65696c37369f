-- An expression, as pricing_amount_differs; a test compares the axes with pricing_axes.
create or replace function public.pricing_is_priced(p_prices public.pricing_prices)
returns boolean
language sql
immutable
security invoker
return coalesce(
    greatest(
        p_prices.price_per_input_token,
        p_prices.price_per_output_token,
        p_prices.price_per_cache_read_token,
        p_prices.price_per_cache_write_token,
        p_prices.price_per_cache_write_1h_token,
        p_prices.price_per_reasoning_token,
        p_prices.price_per_input_audio_token,
        p_prices.price_per_output_audio_token,
        p_prices.price_per_cache_read_audio_token,
        p_prices.price_per_input_image_token,
        p_prices.price_per_output_image_token,
        p_prices.price_per_image,
        p_prices.price_per_request,
        p_prices.price_per_web_search,
        p_prices.price_per_input_character,
        p_prices.price_per_audio_second,
        p_prices.price_per_page,
        p_prices.price_per_video_second
    ) > 0,
    false
) or p_prices.conditions is not null;

comment on function public.pricing_is_priced(public.pricing_prices) is
'Whether a price set has a positive price, or one under a condition.';
