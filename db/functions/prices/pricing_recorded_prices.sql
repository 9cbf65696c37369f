-- An expression, as pricing_amount_differs; a test compares the axes with pricing_axes.
create or replace function public.pricing_recorded_prices(p_row public.model_pricing_history)
returns public.pricing_prices
language sql
immutable
security invoker
return row(
    trim_scale(p_row.price_per_input_token),
    trim_scale(p_row.price_per_output_token),
    trim_scale(p_row.price_per_cache_read_token),
    trim_scale(p_row.price_per_cache_write_token),
    trim_scale(p_row.price_per_cache_write_1h_token),
    trim_scale(nullif(p_row.price_per_reasoning_token, 0)),
    trim_scale(p_row.price_per_input_audio_token),
    trim_scale(p_row.price_per_output_audio_token),
    trim_scale(p_row.price_per_cache_read_audio_token),
    trim_scale(p_row.price_per_input_image_token),
    trim_scale(p_row.price_per_output_image_token),
    trim_scale(nullif(p_row.price_per_image, 0)),
    trim_scale(nullif(p_row.price_per_request, 0)),
    trim_scale(nullif(p_row.price_per_web_search, 0)),
    trim_scale(p_row.price_per_input_character),
    trim_scale(p_row.price_per_audio_second),
    trim_scale(p_row.price_per_page),
    trim_scale(p_row.price_per_video_second),
    nullif(p_row.conditions, '[]')
)::public.pricing_prices;

comment on function public.pricing_recorded_prices(public.model_pricing_history) is
'The price set of a history row, in the form of pricing_prices_in_force.';
