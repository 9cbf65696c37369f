-- An expression, as pricing_amount_differs; a test compares the axes with pricing_axes.
create or replace function public.pricing_amounts(p_prices public.pricing_prices)
returns numeric[]
language sql
immutable
security invoker
return array[
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
]::numeric[];

comment on function public.pricing_amounts(public.pricing_prices) is
'The base prices of a price set, one element for each row of pricing_axes and in its order: USD for one unit.';
