create or replace view public.model_prices
with (security_invoker = true)
as
select
    m.provider_slug as provider,
    m.model_id as model,
    m.name,
    trim_scale(m.price_per_input_token * 1000000) as input_per_1m,
    trim_scale(m.price_per_output_token * 1000000) as output_per_1m,
    trim_scale(m.price_per_cache_read_token * 1000000) as cache_read_per_1m,
    trim_scale(m.price_per_cache_write_token * 1000000) as cache_write_per_1m,
    trim_scale(m.price_per_cache_write_1h_token * 1000000) as cache_write_1h_per_1m,
    trim_scale(m.price_per_reasoning_token * 1000000) as reasoning_per_1m,
    trim_scale(m.price_per_input_audio_token * 1000000) as input_audio_per_1m,
    trim_scale(m.price_per_output_audio_token * 1000000) as output_audio_per_1m,
    trim_scale(m.price_per_cache_read_audio_token * 1000000) as cache_read_audio_per_1m,
    trim_scale(m.price_per_input_image_token * 1000000) as input_image_per_1m,
    trim_scale(m.price_per_output_image_token * 1000000) as output_image_per_1m,
    m.price_per_image as per_image,
    m.price_per_request as per_request,
    m.price_per_web_search as per_web_search,
    jsonb_array_length(m.conditions) > 0 as has_conditions,
    case
        -- A fee of nothing alone says nothing about what the model costs.
        when coalesce(
            m.price_per_input_token, m.price_per_output_token, nullif(m.price_per_image, 0), nullif(m.price_per_request, 0)
        ) is null
            then 'unknown'
        when coalesce(m.price_per_input_token, 0) = 0
            and coalesce(m.price_per_output_token, 0) = 0
            and coalesce(m.price_per_image, 0) = 0
            and coalesce(m.price_per_request, 0) = 0
            then 'free'
        else 'priced'
    end as price_state,
    m.pricing_source as source,
    m.is_active,
    m.last_changed_at,
    p.last_success_at as confirmed_at,
    date_trunc('second', now() - p.last_success_at) as confirmed_ago
from public.model_pricing m
-- A catalogue price is confirmed by the catalogue's sync, not by the provider's.
left join public.pricing_providers p
    on p.slug = case when m.pricing_source like 'catalogue:%' then 'catalogue' else m.provider_slug end;

comment on view public.model_prices is
'Prices for people: US dollars per million tokens, and per single image, request and web search; null is unknown, 0 is free.';
comment on column public.model_prices.price_state is 'priced, free (everything known is 0) or unknown.';
comment on column public.model_prices.confirmed_ago is 'How long ago the source of this price was last read successfully.';
