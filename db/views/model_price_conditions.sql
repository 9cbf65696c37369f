create or replace view public.model_price_conditions
with (security_invoker = true)
as
select
    m.provider_slug as provider,
    m.model_id as model,
    c.position,
    c.condition -> 'min_prompt_tokens' as min_prompt_tokens,
    c.condition -> 'utc_days' as utc_days,
    c.condition -> 'utc_start' as utc_start,
    c.condition -> 'utc_end' as utc_end,
    c.condition ->> 'service_tier' as service_tier,
    c.condition -> 'thinking' as thinking,
    c.condition ->> 'region' as region,
    c.condition ->> 'effective_from' as effective_from,
    c.condition ->> 'effective_until' as effective_until,
    -- All other keys: what else a request must say, and what is not understood.
    nullif(
        c.condition
            - '{min_prompt_tokens,utc_days,utc_start,utc_end,service_tier,thinking,region,effective_from,effective_until}'::text[]
            - array(select a.axis from public.pricing_axes() a),
        '{}'
    ) as other_keys,
    trim_scale((c.condition ->> 'price_per_input_token')::numeric * 1000000) as input_per_1m,
    trim_scale((c.condition ->> 'price_per_output_token')::numeric * 1000000) as output_per_1m,
    trim_scale((c.condition ->> 'price_per_cache_read_token')::numeric * 1000000) as cache_read_per_1m,
    trim_scale((c.condition ->> 'price_per_cache_write_token')::numeric * 1000000) as cache_write_per_1m,
    trim_scale((c.condition ->> 'price_per_cache_write_1h_token')::numeric * 1000000) as cache_write_1h_per_1m,
    c.condition,
    m.is_active
from public.model_pricing m
cross join lateral jsonb_array_elements(m.conditions) with ordinality as c (condition, position);

comment on view public.model_price_conditions is
'Prices that replace those of model_prices for some requests, one row a condition, in US dollars per million tokens: of those whose keys all hold, the later position wins, axis by axis. A null price keeps the one that applies without it, unless condition has the axis as null: then it is unknown.';
comment on column public.model_price_conditions.min_prompt_tokens is 'The prompt has more tokens than this; null: any number.';
comment on column public.model_price_conditions.utc_days is 'Names of the days in UTC on which it applies; null: every day.';
comment on column public.model_price_conditions.utc_start is 'From this time of the day in UTC on, as HHMM; utc_end is exclusive, and one of the next day where it is earlier.';
comment on column public.model_price_conditions.service_tier is 'The request asks for this tier, such as batch, flex, priority or fast; null: any.';
comment on column public.model_price_conditions.thinking is 'true: the request is in thinking mode; null: any.';
comment on column public.model_price_conditions.region is 'The request asks for this region; null: any.';
comment on column public.model_price_conditions.effective_from is 'From this time on; null: already.';
comment on column public.model_price_conditions.effective_until is 'Until this time, itself excluded; null: without end.';
comment on column public.model_price_conditions.other_keys is 'Further keys, such as image_size or upstream, and those that are not understood, which make the prices of the condition unknown; null: none.';
comment on column public.model_price_conditions.input_per_1m is 'USD per million input tokens.';
comment on column public.model_price_conditions.output_per_1m is 'USD per million output tokens.';
comment on column public.model_price_conditions.cache_read_per_1m is 'USD per million input tokens read from the cache.';
comment on column public.model_price_conditions.cache_write_per_1m is 'USD per million input tokens written to the cache for 5 minutes.';
comment on column public.model_price_conditions.cache_write_1h_per_1m is 'USD per million input tokens written to the cache for 1 hour.';
comment on column public.model_price_conditions.condition is 'All of it, as it stands in model_pricing: USD for one unit.';
comment on column public.model_price_conditions.provider is 'The provider, pricing_providers.slug.';
comment on column public.model_price_conditions.model is 'The model''s id as the provider spells it, case included.';
comment on column public.model_price_conditions.position is 'The place in the provider''s order, from 1.';
comment on column public.model_price_conditions.utc_end is 'Until this time of the day in UTC, as HHMM, itself excluded.';
comment on column public.model_price_conditions.is_active is 'False after 3 complete syncs without the model.';
