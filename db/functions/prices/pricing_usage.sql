-- The keys of price_request's usage that count something; the other keys say which request it is.
create or replace function public.pricing_usage()
returns table (key text, axis text, part_of text)
language sql
immutable
rows 18
security invoker
set search_path = pg_catalog, pg_temp
as $$
    values
        ('input_tokens', 'price_per_input_token', null),
        ('output_tokens', 'price_per_output_token', null),
        ('cache_read_tokens', 'price_per_cache_read_token', 'input_tokens'),
        ('cache_write_tokens', 'price_per_cache_write_token', 'input_tokens'),
        ('cache_write_1h_tokens', 'price_per_cache_write_1h_token', 'input_tokens'),
        ('reasoning_tokens', 'price_per_reasoning_token', 'output_tokens'),
        ('input_audio_tokens', 'price_per_input_audio_token', 'input_tokens'),
        ('output_audio_tokens', 'price_per_output_audio_token', 'output_tokens'),
        ('cache_read_audio_tokens', 'price_per_cache_read_audio_token', 'input_tokens'),
        ('input_image_tokens', 'price_per_input_image_token', 'input_tokens'),
        ('output_image_tokens', 'price_per_output_image_token', 'output_tokens'),
        ('images', 'price_per_image', null),
        ('requests', 'price_per_request', null),
        ('web_searches', 'price_per_web_search', null),
        ('input_characters', 'price_per_input_character', null),
        ('audio_seconds', 'price_per_audio_second', null),
        ('pages', 'price_per_page', null),
        ('video_seconds', 'price_per_video_second', null);
$$;

comment on function public.pricing_usage() is
'What price_request counts: the key of its usage, the axis, and for a part of the tokens the key of the whole.';
