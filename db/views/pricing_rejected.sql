-- after: pricing_held_all
create or replace view public.pricing_rejected
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
    h.source,
    h.job_id,
    h.id,
    h.to_zero,
    h.prices,
    h.previous,
    h.evidence,
    h.observed_at,
    h.moves,
    h.decided_at,
    h.decided_by,
    h.decision_note
from public.pricing_held_all h
where h.status = 'rejected' and h.still_said;

comment on view public.pricing_rejected is
'Price changes that a person has rejected and that their provider still lists: they do not wait, and the price in force stays. reopen_held_price_change(id) makes one wait again, approve_held_price_change(id) applies it. US dollars per million tokens.';
comment on column public.pricing_rejected.class is 'As in pricing_held.';
comment on column public.pricing_rejected.ratio is 'The largest factor by which one of its token prices moves, up or down.';
comment on column public.pricing_rejected.input_per_1m_before is 'USD per million input tokens that the provider listed before; null is unknown.';
comment on column public.pricing_rejected.input_per_1m_now is 'USD per million input tokens that the provider lists now; null is unknown.';
comment on column public.pricing_rejected.output_per_1m_before is 'USD per million output tokens that the provider listed before; null is unknown.';
comment on column public.pricing_rejected.output_per_1m_now is 'USD per million output tokens that the provider lists now; null is unknown.';
comment on column public.pricing_rejected.job_id is 'The last job that reported it, for reopen_held_price_changes.';
comment on column public.pricing_rejected.prices is 'The whole rejected price set: USD for one unit by column of model_pricing, and its conditions.';
comment on column public.pricing_rejected.previous is 'The price set that it would replace.';
comment on column public.pricing_rejected.evidence is 'For each suspicious axis: number before, number now, the catalogue''s, the provider''s own text and unit; USD for one unit.';
comment on column public.pricing_rejected.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_rejected.model is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_rejected.reason is 'Why it was held: each suspicious price with its numbers.';
comment on column public.pricing_rejected.first_seen_at is 'The first sync that said it.';
comment on column public.pricing_rejected.last_seen_at is 'The last sync that said it.';
comment on column public.pricing_rejected.times_seen is 'Syncs that said the same, from first_seen_at to last_seen_at.';
comment on column public.pricing_rejected.source is 'Where the price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.pricing_rejected.id is 'For reopen_held_price_change and approve_held_price_change.';
comment on column public.pricing_rejected.to_zero is 'A positive token price falls to zero.';
comment on column public.pricing_rejected.observed_at is 'When the provider''s answer arrived.';
comment on column public.pricing_rejected.moves is 'Each price that would change, {price, before, after, percent, condition}: decimal strings by the names of model_prices, USD per million tokens or characters, or per one unit; null is unknown, or for condition the base price.';
comment on column public.pricing_rejected.decided_at is 'When the person rejected it.';
comment on column public.pricing_rejected.decided_by is 'Who rejected it.';
comment on column public.pricing_rejected.decision_note is 'What the person wrote beside the decision.';
