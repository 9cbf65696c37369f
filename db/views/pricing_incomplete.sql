-- after: model_prices
create or replace view public.pricing_incomplete
with (security_invoker = true)
as
select
    m.provider_slug as provider,
    m.model_id as model,
    m.name,
    s.unread,
    m.extra as published,
    s.price_state,
    m.pricing_source as source,
    m.listed_by,
    m.first_seen_at
from public.model_pricing m
join public.model_prices s on s.id = m.id
where m.is_active and m.extra <> '{}';

comment on view public.pricing_incomplete is
'Active models of which something was published about a price and not read: what it is for, its unit or its condition is not known here.';
comment on column public.pricing_incomplete.unread is 'The keys of the list that were not read, as dotted paths, sorted.';
comment on column public.pricing_incomplete.published is 'What the list says under them, verbatim.';
comment on column public.pricing_incomplete.price_state is 'priced, free or unknown, by the prices that were read.';
comment on column public.pricing_incomplete.listed_by is 'The provider whose list has the model: its own, or catalogue.';
comment on column public.pricing_incomplete.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_incomplete.model is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_incomplete.name is 'The model''s name for people; null where the list has none.';
comment on column public.pricing_incomplete.source is 'Where the price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.pricing_incomplete.first_seen_at is 'When a list first had the model.';
