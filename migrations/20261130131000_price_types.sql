-- Between comparison, guards and writing a price set is one typed value, and a change of one is one record: as jsonb each
-- function took them apart and built them again. As jsonb they are stored with held changes, and shown.
create type public.pricing_prices as (
    price_per_input_token public.pricing_usd,
    price_per_output_token public.pricing_usd,
    price_per_cache_read_token public.pricing_usd,
    price_per_cache_write_token public.pricing_usd,
    price_per_cache_write_1h_token public.pricing_usd,
    price_per_reasoning_token public.pricing_usd,
    price_per_input_audio_token public.pricing_usd,
    price_per_output_audio_token public.pricing_usd,
    price_per_cache_read_audio_token public.pricing_usd,
    price_per_input_image_token public.pricing_usd,
    price_per_output_image_token public.pricing_usd,
    price_per_image public.pricing_usd,
    price_per_request public.pricing_usd,
    price_per_web_search public.pricing_usd,
    price_per_input_character public.pricing_usd,
    price_per_audio_second public.pricing_usd,
    price_per_page public.pricing_usd,
    price_per_video_second public.pricing_usd,
    conditions jsonb
);

comment on type public.pricing_prices is
'A price set: USD for one unit of each axis, null where unknown or, for a fee, none; conditions: as in model_pricing, null for none.';

create type public.pricing_change as (
    id bigint,
    provider text,
    model_id text,
    name text,
    old public.pricing_prices,
    new public.pricing_prices,
    old_source text,
    source text,
    free boolean,
    extra jsonb,
    raw jsonb,
    is_again boolean,
    moment timestamptz,
    effective_at timestamptz
);

comment on type public.pricing_change is
'A change of a model''s price set: old is the accepted set, new what a list says, a person approves or an announcement brings. id: of model_pricing, null for a model that a dry run does not store; free: the list says that the model is free; is_again: the list was not read again; moment: from when on new holds, where that is not the time of writing; effective_at: of its history row.';
