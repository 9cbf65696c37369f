create or replace view public.pricing_history
with (security_invoker = true)
as
select
    m.provider_slug as provider,
    m.model_id as model,
    h.changed_at,
    trim_scale(h.price_per_input_token * 1000000) as input_per_1m,
    trim_scale(h.price_per_output_token * 1000000) as output_per_1m,
    trim_scale(h.previous_input_price * 1000000) as previous_input_per_1m,
    trim_scale(h.previous_output_price * 1000000) as previous_output_per_1m,
    h.changed_by,
    h.pricing_source as source,
    h.job_id,
    h.id,
    h.is_in_force
from public.model_pricing_history h
join public.model_pricing m on m.id = h.model_id;

comment on view public.pricing_history is
'Every price change with its model''s name, in US dollars per million tokens; order by changed_at desc, id desc. Where is_in_force, a price that was charged.';
comment on column public.pricing_history.input_per_1m is 'USD per million input tokens from changed_at on.';
comment on column public.pricing_history.output_per_1m is 'USD per million output tokens from changed_at on.';
comment on column public.pricing_history.previous_input_per_1m is 'USD per million input tokens before; null: unknown, or the first price.';
comment on column public.pricing_history.previous_output_per_1m is 'USD per million output tokens before; null: unknown, or the first price.';
comment on column public.pricing_history.is_in_force is 'False: the provider''s price while an override was in force.';
comment on column public.pricing_history.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_history.model is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_history.changed_at is 'When the price changed; ties are ordered by id.';
comment on column public.pricing_history.changed_by is 'api_sync:<provider>, manual:<name>, rollback:<job_id> or expiry:<override id>.';
comment on column public.pricing_history.source is 'Where the price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.pricing_history.job_id is 'The job that wrote it; null where a person did.';
comment on column public.pricing_history.id is 'model_pricing_history.id.';
