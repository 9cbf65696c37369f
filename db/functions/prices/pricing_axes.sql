-- For all SQL that loops over axes; the columns of model_pricing have the same names.
create or replace function public.pricing_axes()
returns table (axis text, per text, is_fee boolean, short_name text)
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    values
        ('price_per_input_token', 'token', false, 'input_per_1m'),
        ('price_per_output_token', 'token', false, 'output_per_1m'),
        ('price_per_cache_read_token', 'token', false, 'cache_read_per_1m'),
        ('price_per_cache_write_token', 'token', false, 'cache_write_per_1m'),
        ('price_per_cache_write_1h_token', 'token', false, 'cache_write_1h_per_1m'),
        ('price_per_reasoning_token', 'token', true, 'reasoning_per_1m'),
        ('price_per_input_audio_token', 'token', false, 'input_audio_per_1m'),
        ('price_per_output_audio_token', 'token', false, 'output_audio_per_1m'),
        ('price_per_cache_read_audio_token', 'token', false, 'cache_read_audio_per_1m'),
        ('price_per_input_image_token', 'token', false, 'input_image_per_1m'),
        ('price_per_output_image_token', 'token', false, 'output_image_per_1m'),
        ('price_per_image', 'image', true, 'per_image'),
        ('price_per_request', 'request', true, 'per_request'),
        ('price_per_web_search', 'search', true, 'per_web_search');
$$;

comment on function public.pricing_axes() is
'Every axis: the column of model_pricing, what one unit is, whether it is a fee (absent is the same as 0), and its name in model_prices (token prices there are per million).';
