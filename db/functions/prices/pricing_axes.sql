-- For all SQL that loops over axes; the columns of model_pricing have the same names.
create or replace function public.pricing_axes()
returns table (axis text, per text, is_fee boolean, short_name text, factor numeric)
language sql
immutable
-- With a thousand, the estimate without it, pages of pricing_drift read the whole catalogue for each model.
rows 18
security invoker
set search_path = pg_catalog, pg_temp
as $$
    values
        ('price_per_input_token', 'token', false, 'input_per_1m', 1000000),
        ('price_per_output_token', 'token', false, 'output_per_1m', 1000000),
        ('price_per_cache_read_token', 'token', false, 'cache_read_per_1m', 1000000),
        ('price_per_cache_write_token', 'token', false, 'cache_write_per_1m', 1000000),
        ('price_per_cache_write_1h_token', 'token', false, 'cache_write_1h_per_1m', 1000000),
        ('price_per_reasoning_token', 'token', true, 'reasoning_per_1m', 1000000),
        ('price_per_input_audio_token', 'token', false, 'input_audio_per_1m', 1000000),
        ('price_per_output_audio_token', 'token', false, 'output_audio_per_1m', 1000000),
        ('price_per_cache_read_audio_token', 'token', false, 'cache_read_audio_per_1m', 1000000),
        ('price_per_input_image_token', 'token', false, 'input_image_per_1m', 1000000),
        ('price_per_output_image_token', 'token', false, 'output_image_per_1m', 1000000),
        ('price_per_image', 'image', true, 'per_image', 1),
        ('price_per_request', 'request', true, 'per_request', 1),
        ('price_per_web_search', 'search', true, 'per_web_search', 1),
        ('price_per_input_character', 'character', false, 'input_characters_per_1m', 1000000),
        ('price_per_audio_second', 'second', false, 'per_audio_second', 1),
        ('price_per_page', 'page', false, 'per_page', 1),
        ('price_per_video_second', 'second', false, 'per_video_second', 1);
$$;

comment on function public.pricing_axes() is
'Every axis: the column of model_pricing, what one unit is, whether it is a fee (absent is the same as 0), its name in model_prices, and the factor of the amount there (tokens and characters per million).';
