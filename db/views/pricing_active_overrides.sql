create or replace view public.pricing_active_overrides
with (security_invoker = true)
as
select
    m.provider_slug as provider,
    m.model_id as model,
    trim_scale((o.prices ->> 'price_per_input_token')::numeric * 1000000) as input_per_1m,
    trim_scale((o.prices ->> 'price_per_output_token')::numeric * 1000000) as output_per_1m,
    trim_scale((m.synced ->> 'price_per_input_token')::numeric * 1000000) as provider_input_per_1m,
    trim_scale((m.synced ->> 'price_per_output_token')::numeric * 1000000) as provider_output_per_1m,
    o.prices,
    o.reason,
    o.created_by,
    o.created_at,
    o.expires_at,
    o.id,
    o.forced
from public.pricing_overrides o
join public.model_pricing m on m.id = o.model_id
where o.ended_at is null;

comment on view public.pricing_active_overrides is
'The prices that people have set and that are in force, in US dollars per million tokens. clear_price_override(provider, model) ends one.';
comment on column public.pricing_active_overrides.input_per_1m is 'USD per million input tokens; null: it follows the provider.';
comment on column public.pricing_active_overrides.output_per_1m is 'USD per million output tokens; null: it follows the provider.';
comment on column public.pricing_active_overrides.provider_input_per_1m is 'USD per million input tokens by the provider''s list; null is unknown.';
comment on column public.pricing_active_overrides.provider_output_per_1m is 'USD per million output tokens by the provider''s list; null is unknown.';
comment on column public.pricing_active_overrides.prices is 'All fixed prices: USD for one unit by column of model_pricing, and conditions.';
comment on column public.pricing_active_overrides.forced is 'True: the guards found it suspicious, and a person set it with force.';
comment on column public.pricing_active_overrides.expires_at is 'Until when it is charged: the next tick of the schedule ends it; null: never by itself.';
comment on column public.pricing_active_overrides.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_active_overrides.model is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_active_overrides.reason is 'Why the person set it.';
comment on column public.pricing_active_overrides.created_by is 'Who set it.';
comment on column public.pricing_active_overrides.created_at is 'When it was set.';
comment on column public.pricing_active_overrides.id is 'pricing_overrides.id.';
