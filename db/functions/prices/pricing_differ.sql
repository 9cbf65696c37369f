-- The rule of what a change is, for all price sets. An expression, as pricing_amount_differs; a test compares the axes with
-- pricing_axes.
-- after: pricing_amount_differs
create or replace function public.pricing_differ(p_old public.pricing_prices, p_new public.pricing_prices)
returns boolean
language sql
immutable
security invoker
return coalesce(p_old.conditions, '[]') <> coalesce(p_new.conditions, '[]')
    or public.pricing_amount_differs(p_old.price_per_input_token, p_new.price_per_input_token)
    or public.pricing_amount_differs(p_old.price_per_output_token, p_new.price_per_output_token)
    or public.pricing_amount_differs(p_old.price_per_cache_read_token, p_new.price_per_cache_read_token)
    or public.pricing_amount_differs(p_old.price_per_cache_write_token, p_new.price_per_cache_write_token)
    or public.pricing_amount_differs(p_old.price_per_cache_write_1h_token, p_new.price_per_cache_write_1h_token)
    or public.pricing_amount_differs(coalesce(p_old.price_per_reasoning_token, 0), coalesce(p_new.price_per_reasoning_token, 0))
    or public.pricing_amount_differs(p_old.price_per_input_audio_token, p_new.price_per_input_audio_token)
    or public.pricing_amount_differs(p_old.price_per_output_audio_token, p_new.price_per_output_audio_token)
    or public.pricing_amount_differs(p_old.price_per_cache_read_audio_token, p_new.price_per_cache_read_audio_token)
    or public.pricing_amount_differs(p_old.price_per_input_image_token, p_new.price_per_input_image_token)
    or public.pricing_amount_differs(p_old.price_per_output_image_token, p_new.price_per_output_image_token)
    or public.pricing_amount_differs(coalesce(p_old.price_per_image, 0), coalesce(p_new.price_per_image, 0))
    or public.pricing_amount_differs(coalesce(p_old.price_per_request, 0), coalesce(p_new.price_per_request, 0))
    or public.pricing_amount_differs(coalesce(p_old.price_per_web_search, 0), coalesce(p_new.price_per_web_search, 0))
    or public.pricing_amount_differs(p_old.price_per_input_character, p_new.price_per_input_character)
    or public.pricing_amount_differs(p_old.price_per_audio_second, p_new.price_per_audio_second)
    or public.pricing_amount_differs(p_old.price_per_page, p_new.price_per_page)
    or public.pricing_amount_differs(p_old.price_per_video_second, p_new.price_per_video_second);

comment on function public.pricing_differ(public.pricing_prices, public.pricing_prices) is
'Whether two price sets differ: a token price or fee by more than float noise, known against unknown, or other conditions; a fee of 0 is an absent fee.';
