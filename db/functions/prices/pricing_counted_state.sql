-- An expression, as pricing_price_state.
-- after: pricing_price_state
create or replace function public.pricing_counted_state(p_model public.model_pricing)
returns text
language sql
stable
security invoker
return case
    when not (p_model).is_active then 'inactive'
    else public.pricing_price_state(
        greatest(
            (p_model).price_per_input_token,
            (p_model).price_per_output_token,
            (p_model).price_per_cache_read_token,
            (p_model).price_per_cache_write_token,
            (p_model).price_per_cache_write_1h_token,
            (p_model).price_per_reasoning_token,
            (p_model).price_per_input_audio_token,
            (p_model).price_per_output_audio_token,
            (p_model).price_per_cache_read_audio_token,
            (p_model).price_per_input_image_token,
            (p_model).price_per_output_image_token,
            (p_model).price_per_image,
            (p_model).price_per_request,
            (p_model).price_per_input_character,
            (p_model).price_per_audio_second,
            (p_model).price_per_page,
            (p_model).price_per_video_second
        ),
        coalesce((p_model).price_per_input_token, (p_model).price_per_output_token),
        (p_model).conditions,
        -- Before any time.
        ''
    )
end;

comment on function public.pricing_counted_state(public.model_pricing) is
'inactive, or the price_state of an active model before an unknown fee begins.';
