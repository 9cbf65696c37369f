-- after: pricing_axes
create or replace view public.pricing_drift
with (security_invoker = true)
as
select
    d.provider,
    d.model,
    a.short_name as price,
    trim_scale(d.said * a.factor) as provider_amount,
    trim_scale(d.listed * a.factor) as catalogue_amount,
    d.said / nullif(d.listed, 0) as ratio,
    d.source,
    d.catalogue
from (
    select
        m.provider_slug as provider,
        m.model_id as model,
        k.axis,
        -- Typed columns: converting the row to jsonb for each axis takes ten times as long. A test covers every axis.
        -- Other keys of both sets, such as conditions, are no numbers.
        case
            when not starts_with(k.axis, 'price_per_') then null
            when m.synced is not null then (m.synced ->> k.axis)::numeric
            else case k.axis
                when 'price_per_input_token' then m.price_per_input_token
                when 'price_per_output_token' then m.price_per_output_token
                when 'price_per_cache_read_token' then m.price_per_cache_read_token
                when 'price_per_cache_write_token' then m.price_per_cache_write_token
                when 'price_per_cache_write_1h_token' then m.price_per_cache_write_1h_token
                when 'price_per_reasoning_token' then m.price_per_reasoning_token
                when 'price_per_input_audio_token' then m.price_per_input_audio_token
                when 'price_per_output_audio_token' then m.price_per_output_audio_token
                when 'price_per_cache_read_audio_token' then m.price_per_cache_read_audio_token
                when 'price_per_input_image_token' then m.price_per_input_image_token
                when 'price_per_output_image_token' then m.price_per_output_image_token
                when 'price_per_image' then m.price_per_image
                when 'price_per_request' then m.price_per_request
                when 'price_per_web_search' then m.price_per_web_search
                when 'price_per_input_character' then m.price_per_input_character
                when 'price_per_audio_second' then m.price_per_audio_second
                when 'price_per_page' then m.price_per_page
                when 'price_per_video_second' then m.price_per_video_second
            end
        end as said,
        case when starts_with(k.axis, 'price_per_') then k.listed::numeric end as listed,
        m.pricing_source as source,
        n.version as catalogue
    from public.model_pricing m
    -- As pricing_catalogue_by_id, by keys: the planner knows how many rows that gives, and can go by the order of the models.
    left join public.pricing_model_aliases l on l.provider_slug = m.provider_slug and l.model_id = m.model_id
    left join public.pricing_catalogue_prices x on x.provider_slug = l.provider_slug and x.model_id = l.canonical_id
    left join public.pricing_catalogue_prices c on c.provider_slug = m.provider_slug and c.model_id = m.model_id
    cross join lateral (
        select
            case when y.is_by_alias then x.prices else c.prices end as prices,
            case when y.is_by_alias then x.version else c.version end as version
        from (
            select x.model_id is not null and (l.source like 'manual:%' or c.model_id is null) as is_by_alias
        ) as y
    ) as n
    -- Only the axes that the catalogue has for the model, not all of them.
    cross join lateral jsonb_each_text(n.prices) as k (axis, listed)
    -- The catalogue does not differ from itself.
    where m.is_active and m.pricing_source not like 'catalogue:%'
) as d
-- After the comparison: few of the prices differ.
join public.pricing_axes() a on a.axis = d.axis
where abs(d.said - d.listed) > 0.01 * d.listed;

comment on view public.pricing_drift is
'Where a provider''s own number and the catalogue''s differ by more than 1 %: one row per model and price, under the names of model_prices. Overrides do not count.';
comment on column public.pricing_drift.price is 'Which price, as model_prices names it: token prices per million.';
comment on column public.pricing_drift.provider_amount is 'US dollars, by the provider''s list.';
comment on column public.pricing_drift.catalogue_amount is 'US dollars, by the catalogue.';
comment on column public.pricing_drift.ratio is 'The provider''s price divided by the catalogue''s; null where the catalogue has 0.';
comment on column public.pricing_drift.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_drift.model is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_drift.source is 'Where the price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.pricing_drift.catalogue is 'The catalogue and its version, such as genai-prices@0.2.3.';
