-- An expression, as pricing_amount_differs; a test compares the axes with pricing_axes.
create or replace function public.pricing_set_of(p_prices public.pricing_prices)
returns jsonb
language sql
stable
security invoker
return jsonb_strip_nulls(jsonb_object(
    array[
        'price_per_input_token',
        'price_per_output_token',
        'price_per_cache_read_token',
        'price_per_cache_write_token',
        'price_per_cache_write_1h_token',
        'price_per_reasoning_token',
        'price_per_input_audio_token',
        'price_per_output_audio_token',
        'price_per_cache_read_audio_token',
        'price_per_input_image_token',
        'price_per_output_image_token',
        'price_per_image',
        'price_per_request',
        'price_per_web_search',
        'price_per_input_character',
        'price_per_audio_second',
        'price_per_page',
        'price_per_video_second'
    ],
    array[
        p_prices.price_per_input_token::text,
        p_prices.price_per_output_token::text,
        p_prices.price_per_cache_read_token::text,
        p_prices.price_per_cache_write_token::text,
        p_prices.price_per_cache_write_1h_token::text,
        p_prices.price_per_reasoning_token::text,
        p_prices.price_per_input_audio_token::text,
        p_prices.price_per_output_audio_token::text,
        p_prices.price_per_cache_read_audio_token::text,
        p_prices.price_per_input_image_token::text,
        p_prices.price_per_output_image_token::text,
        p_prices.price_per_image::text,
        p_prices.price_per_request::text,
        p_prices.price_per_web_search::text,
        p_prices.price_per_input_character::text,
        p_prices.price_per_audio_second::text,
        p_prices.price_per_page::text,
        p_prices.price_per_video_second::text
    ]
)) || case
    when p_prices.conditions is null then '{}'
    else jsonb_build_object('conditions', p_prices.conditions)
end;

comment on function public.pricing_set_of(public.pricing_prices) is
'A price set as jsonb, as it is stored with held changes and shown: each known axis as a decimal string, and the conditions where there are any.';
