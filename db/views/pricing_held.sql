-- after: pricing_held_all
create or replace view public.pricing_held
with (security_invoker = true)
as
select
    h.provider,
    h.model,
    h.class,
    h.reason,
    h.ratio,
    h.input_per_1m_before,
    h.input_per_1m_now,
    h.output_per_1m_before,
    h.output_per_1m_now,
    h.first_seen_at,
    h.last_seen_at,
    h.times_seen,
    h.applies_at,
    h.source,
    h.job_id,
    h.id,
    h.to_zero,
    h.prices,
    h.previous,
    h.evidence,
    h.observed_at,
    h.moves
from public.pricing_held_all h
where h.status = 'held';

comment on view public.pricing_held is
'Price changes that wait: what each would replace, why it was held, and its id for approve_held_price_change and reject_held_price_change. US dollars per million tokens.';
comment on column public.pricing_held.class is 'large: applies itself at applies_at; unit, list, first_list and rollback: only a person applies it.';
comment on column public.pricing_held.ratio is 'The largest factor by which one of its prices moves, up or down.';
comment on column public.pricing_held.input_per_1m_before is 'USD per million input tokens that the provider listed before; null is unknown.';
comment on column public.pricing_held.input_per_1m_now is 'USD per million input tokens that the provider lists now; null is unknown.';
comment on column public.pricing_held.output_per_1m_before is 'USD per million output tokens that the provider listed before; null is unknown.';
comment on column public.pricing_held.output_per_1m_now is 'USD per million output tokens that the provider lists now; null is unknown.';
comment on column public.pricing_held.applies_at is 'The first sync after this that still lists it applies it (unless it falls to zero, the third at the earliest); null: never by itself.';
comment on column public.pricing_held.job_id is 'The last job that reported it, for approve_held_price_changes and reject_held_price_changes.';
comment on column public.pricing_held.prices is 'The whole price set that waits: USD for one unit by column of model_pricing, and its conditions.';
comment on column public.pricing_held.previous is 'The price set that it would replace.';
comment on column public.pricing_held.evidence is 'For each suspicious price: number before, number now, the catalogue''s, the median at other providers, the provider''s own text and unit (USD for one unit); for a list that looks wrong: how many of how many.';
comment on column public.pricing_held.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_held.model is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_held.reason is 'Why it was held: each suspicious price with its numbers.';
comment on column public.pricing_held.first_seen_at is 'The first sync that said it.';
comment on column public.pricing_held.last_seen_at is 'The last sync that said it.';
comment on column public.pricing_held.times_seen is 'Syncs that said the same, from first_seen_at to last_seen_at.';
comment on column public.pricing_held.source is 'Where the price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.pricing_held.id is 'For approve_held_price_change and reject_held_price_change.';
comment on column public.pricing_held.to_zero is 'A positive price falls to zero.';
comment on column public.pricing_held.observed_at is 'When the provider''s answer arrived.';
comment on column public.pricing_held.moves is 'Each price that would change, {price, before, after, percent, condition}: decimal strings by the names of model_prices, USD per million tokens or characters, or per one unit; null is unknown, or for condition the base price.';
