-- It reads only columns that it shows: api_readers may read them too.
-- after: pricing_price_state
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
    trim_scale(m.price_per_input_character * 1000000) as input_characters_per_1m,
    m.price_per_audio_second as per_audio_second,
    m.price_per_page as per_page,
    m.price_per_video_second as per_video_second,
    jsonb_array_length(m.conditions) > 0 as has_conditions,
    public.pricing_price_state(
        greatest(
            m.price_per_input_token,
            m.price_per_output_token,
            m.price_per_cache_read_token,
            m.price_per_cache_write_token,
            m.price_per_cache_write_1h_token,
            m.price_per_reasoning_token,
            m.price_per_input_audio_token,
            m.price_per_output_audio_token,
            m.price_per_cache_read_audio_token,
            m.price_per_input_image_token,
            m.price_per_output_image_token,
            m.price_per_image,
            m.price_per_request,
            m.price_per_input_character,
            m.price_per_audio_second,
            m.price_per_page,
            m.price_per_video_second
        ),
        coalesce(m.price_per_input_token, m.price_per_output_token),
        m.conditions,
        to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    ) as price_state,
    array(select jsonb_array_elements_text(m.unread_keys) order by 1) as unread,
    m.pricing_source as source,
    m.is_active,
    m.last_changed_at,
    p.last_success_at as confirmed_at,
    -- A time of infinity, set by hand in one provider's row, must not fail the view.
    case when isfinite(p.last_success_at) then date_trunc('second', now() - p.last_success_at) end as confirmed_ago,
    h.model_id is not null as is_held,
    m.is_overridden,
    trim_scale(m.provider_input_price * 1000000) as provider_input_per_1m,
    trim_scale(m.provider_output_price * 1000000) as provider_output_per_1m,
    m.id
from public.model_pricing m
-- A catalogue price is confirmed by the catalogue's sync, not by the provider's.
left join public.pricing_providers p
    on p.slug = case when m.pricing_source like 'catalogue:%' then 'catalogue' else m.provider_slug end
-- A model has at most one. Not exists: by a join the planner can begin with the held ones.
left join public.pricing_held_changes h on h.model_id = m.id and h.status = 'held';

comment on view public.model_prices is
'Prices for people: US dollars per million tokens, and per single image, request and web search; null is unknown, 0 is free.';
comment on column public.model_prices.input_per_1m is 'USD per million input tokens.';
comment on column public.model_prices.output_per_1m is 'USD per million output tokens.';
comment on column public.model_prices.cache_read_per_1m is 'USD per million input tokens read from the cache.';
comment on column public.model_prices.cache_write_per_1m is 'USD per million input tokens written to the cache for 5 minutes.';
comment on column public.model_prices.cache_write_1h_per_1m is 'USD per million input tokens written to the cache for 1 hour.';
comment on column public.model_prices.reasoning_per_1m is 'USD per million reasoning tokens.';
comment on column public.model_prices.input_audio_per_1m is 'USD per million audio input tokens.';
comment on column public.model_prices.output_audio_per_1m is 'USD per million audio output tokens.';
comment on column public.model_prices.cache_read_audio_per_1m is 'USD per million audio input tokens read from the cache.';
comment on column public.model_prices.input_image_per_1m is 'USD per million image input tokens.';
comment on column public.model_prices.output_image_per_1m is 'USD per million image output tokens.';
comment on column public.model_prices.per_image is 'USD per image.';
comment on column public.model_prices.per_request is 'USD per request.';
comment on column public.model_prices.per_web_search is 'USD per web search.';
comment on column public.model_prices.input_characters_per_1m is 'USD per million input characters.';
comment on column public.model_prices.per_audio_second is 'USD per second of audio.';
comment on column public.model_prices.per_page is 'USD per page of a document.';
comment on column public.model_prices.per_video_second is 'USD per second of video.';
comment on column public.model_prices.price_state is 'priced (also where only some requests cost something), free (everything is 0, under every condition, web searches apart) or unknown.';
comment on column public.model_prices.unread is 'Keys of the list that say something about a price and were not read, sorted; see pricing_incomplete.';
comment on column public.model_prices.confirmed_ago is 'How long ago the source of this price was last read successfully.';
comment on column public.model_prices.is_held is 'Its provider lists another price, which waits in pricing_held.';
comment on column public.model_prices.is_overridden is 'A person has fixed one of its prices; see pricing_overrides.';
comment on column public.model_prices.provider_input_per_1m is 'USD per million input tokens: under an override the provider''s price, else the price in force.';
comment on column public.model_prices.provider_output_per_1m is 'USD per million output tokens: under an override the provider''s price, else the price in force.';
comment on column public.model_prices.id is 'model_pricing.id.';
comment on column public.model_prices.provider is 'The provider, pricing_providers.slug.';
comment on column public.model_prices.model is 'The model''s id as the provider spells it, case included.';
comment on column public.model_prices.name is 'The model''s name for people; null where the list has none.';
comment on column public.model_prices.has_conditions is 'True: model_price_conditions has prices for some requests.';
comment on column public.model_prices.source is 'Where the price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.model_prices.is_active is 'False after 3 complete syncs without the model.';
comment on column public.model_prices.last_changed_at is 'When the price last changed; null while no price was ever known.';
comment on column public.model_prices.confirmed_at is 'When the source of this price was last read successfully.';
