-- The same as pricing_price_set of the row as jsonb, in a third of its time; a test compares the two. Most syncs that change
-- thousands of models spend more time in these sets than in anything else.
create or replace function public.pricing_set_in_force(p_model public.model_pricing)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
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
            trim_scale(p_model.price_per_input_token)::text,
            trim_scale(p_model.price_per_output_token)::text,
            trim_scale(p_model.price_per_cache_read_token)::text,
            trim_scale(p_model.price_per_cache_write_token)::text,
            trim_scale(p_model.price_per_cache_write_1h_token)::text,
            trim_scale(nullif(p_model.price_per_reasoning_token, 0))::text,
            trim_scale(p_model.price_per_input_audio_token)::text,
            trim_scale(p_model.price_per_output_audio_token)::text,
            trim_scale(p_model.price_per_cache_read_audio_token)::text,
            trim_scale(p_model.price_per_input_image_token)::text,
            trim_scale(p_model.price_per_output_image_token)::text,
            trim_scale(nullif(p_model.price_per_image, 0))::text,
            trim_scale(nullif(p_model.price_per_request, 0))::text,
            trim_scale(nullif(p_model.price_per_web_search, 0))::text,
            trim_scale(p_model.price_per_input_character)::text,
            trim_scale(p_model.price_per_audio_second)::text,
            trim_scale(p_model.price_per_page)::text,
            trim_scale(p_model.price_per_video_second)::text
        ]
    )) || case
        when coalesce(p_model.conditions, '[]') = '[]' then '{}'
        else jsonb_build_object('conditions', p_model.conditions)
    end;
end;
$$;

comment on function public.pricing_set_in_force(public.model_pricing) is
'The price set in force of a model: each known axis as a decimal string without fees of 0, and the conditions where there are any.';
