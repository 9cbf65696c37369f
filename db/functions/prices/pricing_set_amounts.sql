-- The axes are written out, because previews and lists of held changes call it twice for each; a test compares them with
-- pricing_axes.
create or replace function public.pricing_set_amounts(p_set jsonb)
returns numeric[]
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    return array[
        (p_set ->> 'price_per_input_token')::numeric,
        (p_set ->> 'price_per_output_token')::numeric,
        (p_set ->> 'price_per_cache_read_token')::numeric,
        (p_set ->> 'price_per_cache_write_token')::numeric,
        (p_set ->> 'price_per_cache_write_1h_token')::numeric,
        (p_set ->> 'price_per_reasoning_token')::numeric,
        (p_set ->> 'price_per_input_audio_token')::numeric,
        (p_set ->> 'price_per_output_audio_token')::numeric,
        (p_set ->> 'price_per_cache_read_audio_token')::numeric,
        (p_set ->> 'price_per_input_image_token')::numeric,
        (p_set ->> 'price_per_output_image_token')::numeric,
        (p_set ->> 'price_per_image')::numeric,
        (p_set ->> 'price_per_request')::numeric,
        (p_set ->> 'price_per_web_search')::numeric,
        (p_set ->> 'price_per_input_character')::numeric,
        (p_set ->> 'price_per_audio_second')::numeric,
        (p_set ->> 'price_per_page')::numeric,
        (p_set ->> 'price_per_video_second')::numeric
    ];
end;
$$;

comment on function public.pricing_set_amounts(jsonb) is
'The base prices of a price set, one element for each row of pricing_axes and in its order: USD for one unit.';
