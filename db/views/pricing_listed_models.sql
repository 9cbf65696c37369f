-- What compare_provider_prices reads of a model. A hash of the values and not a number that each change raises: it finds every
-- change, whichever way it was made, and stays the same in a restored backup.
-- after: pricing_base_prices, pricing_is_priced
create or replace view public.pricing_listed_models
with (security_invoker = true)
as
select
    m.id,
    m.provider_slug,
    m.model_id,
    hash_record_extended(
        row(
            m.name,
            m.listed_by,
            m.pricing_source,
            m.missing_count,
            m.is_active,
            m.extra,
            m.synced,
            m.conditions,
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
            m.price_per_web_search,
            m.price_per_input_character,
            m.price_per_audio_second,
            m.price_per_page,
            m.price_per_video_second
        ),
        0
    ) as state,
    m.is_active,
    -- Under an override the provider's own price counts.
    case
        -- Most end here.
        when m.synced is null and m.price_per_input_token > 0 then true
        else public.pricing_is_priced(public.pricing_base_prices(m))
    end as is_priced,
    -- Nothing in it changes by the clock or because another list comes.
    m.is_active
        and m.missing_count = 0
        and m.listed_by = m.provider_slug
        and not (m.conditions <> '[]' and m.conditions @? '$[*] ? (exists (@.effective_from) || exists (@.effective_until))')
        and not coalesce(
            m.synced @? '$.conditions[*] ? (exists (@.effective_from) || exists (@.effective_until))', false
        ) as is_settled
from public.model_pricing m;

comment on view public.pricing_listed_models is
'What a list''s entry is compared with, a row for each model.';
comment on column public.pricing_listed_models.id is 'model_pricing.id.';
comment on column public.pricing_listed_models.provider_slug is 'The provider.';
comment on column public.pricing_listed_models.model_id is 'The model''s id as the provider spells it.';
comment on column public.pricing_listed_models.state is 'A hash of all that a list''s entry is compared with.';
comment on column public.pricing_listed_models.is_active is 'False: the provider no longer lists it.';
comment on column public.pricing_listed_models.is_priced is 'Whether the provider''s price is positive, or under a condition.';
comment on column public.pricing_listed_models.is_settled is 'Whether the same entry of the provider''s own list would change nothing at any later time: the model is active, that list has it, and no price begins or ends at a time.';
