-- after: pricing_set_moves
create or replace view public.pricing_held_all
with (security_invoker = true)
as
select
    h.id,
    h.model_id,
    h.provider_slug,
    h.status,
    h.class,
    h.reason,
    h.ratio,
    h.to_zero,
    h.prices,
    h.previous,
    h.evidence,
    h.pricing_source,
    h.extra,
    h.raw,
    h.first_job_id,
    case when a.is_later then r.job_id else h.job_id end as job_id,
    h.first_seen_at,
    case when a.is_later then r.said_at else h.last_seen_at end as last_seen_at,
    h.times_seen + case when a.is_later then (r.times - h.said_again_from)::integer else 0 end as times_seen,
    h.still_said,
    case when a.is_later then r.observed_at else h.observed_at end as observed_at,
    h.decided_at,
    h.decided_by,
    h.decision_note,
    h.said_again_from,
    h.reopened_at,
    h.provider_slug as provider,
    m.model_id as model,
    h.pricing_source as source,
    trim_scale((h.previous ->> 'price_per_input_token')::numeric * 1000000) as input_per_1m_before,
    trim_scale((h.prices ->> 'price_per_input_token')::numeric * 1000000) as input_per_1m_now,
    trim_scale((h.previous ->> 'price_per_output_token')::numeric * 1000000) as output_per_1m_before,
    trim_scale((h.prices ->> 'price_per_output_token')::numeric * 1000000) as output_per_1m_now,
    (select public.pricing_set_moves(h.previous, h.prices)) as moves,
    case
        when h.status <> 'held' or h.class <> 'large' then null
        when h.to_zero then greatest(h.first_seen_at, h.reopened_at) + interval '72 hours'
        else greatest(h.first_seen_at, h.reopened_at) + interval '24 hours'
    end as applies_at
from public.pricing_held_changes h
left join public.pricing_said_again r on r.provider_slug = h.provider_slug
-- Outer: where no column of it is read, the planner leaves the join out.
left join public.model_pricing m on m.id = h.model_id
cross join lateral (select coalesce(r.times > h.said_again_from, false) as is_later) as a;

comment on view public.pricing_held_all is
'Every change that was ever held, with its outcome and the last sync that reported it: pricing_held_changes with the counts of pricing_said_again.';
comment on column public.pricing_held_all.model_id is 'model_pricing.id.';
comment on column public.pricing_held_all.prices is 'The price set that waits: USD for one unit by column of model_pricing, and its conditions.';
comment on column public.pricing_held_all.previous is 'The price set that it would replace.';
comment on column public.pricing_held_all.ratio is 'The largest factor by which one of its prices moves, up or down.';
comment on column public.pricing_held_all.job_id is 'The last job that reported it; first_job_id the first.';
comment on column public.pricing_held_all.times_seen is 'Syncs that reported it, from first_seen_at to last_seen_at.';
comment on column public.pricing_held_all.id is 'pricing_held_changes.id.';
comment on column public.pricing_held_all.provider_slug is 'The provider, pricing_providers.slug.';
comment on column public.pricing_held_all.status is 'held; approved or rejected by a person; applied by itself or by a rule; superseded by another price; withdrawn: the provider went back.';
comment on column public.pricing_held_all.class is 'large: may apply itself; unit, list, first_list and rollback: only a person applies it.';
comment on column public.pricing_held_all.reason is 'Why it was held: each suspicious price with its numbers.';
comment on column public.pricing_held_all.to_zero is 'A positive price falls to zero.';
comment on column public.pricing_held_all.evidence is 'For each suspicious price: number before, number now, the catalogue''s, the median at other providers, the provider''s own text and unit; for a list that looks wrong: how many of how many.';
comment on column public.pricing_held_all.pricing_source is 'api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.pricing_held_all.extra is 'Price keys without a column, verbatim.';
comment on column public.pricing_held_all.raw is 'What the provider wrote: text and unit of each price key.';
comment on column public.pricing_held_all.first_job_id is 'The first job that said so.';
comment on column public.pricing_held_all.first_seen_at is 'The first sync that said it.';
comment on column public.pricing_held_all.last_seen_at is 'The last sync that said it.';
comment on column public.pricing_held_all.still_said is 'False once the provider has said something else of the model: a rejection binds for as long as this is true.';
comment on column public.pricing_held_all.observed_at is 'When the provider''s answer arrived.';
comment on column public.pricing_held_all.decided_at is 'When a person or the system decided; null while it waits.';
comment on column public.pricing_held_all.decided_by is 'Who decided: a person''s name, rule:<id> or api_sync:<provider>; null while it waits.';
comment on column public.pricing_held_all.decision_note is 'What the person wrote beside the decision.';
comment on column public.pricing_held_all.said_again_from is 'pricing_said_again.times when the row was last counted; null: the row has all counts itself.';
comment on column public.pricing_held_all.reopened_at is 'When a person made a rejected change wait again; null: never.';
comment on column public.pricing_held_all.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_held_all.model is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_held_all.source is 'Where the price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.pricing_held_all.input_per_1m_before is 'USD per million input tokens that the provider listed before; null is unknown.';
comment on column public.pricing_held_all.input_per_1m_now is 'USD per million input tokens that the provider lists now; null is unknown.';
comment on column public.pricing_held_all.output_per_1m_before is 'USD per million output tokens that the provider listed before; null is unknown.';
comment on column public.pricing_held_all.output_per_1m_now is 'USD per million output tokens that the provider lists now; null is unknown.';
comment on column public.pricing_held_all.moves is 'Each price that would change, {price, before, after, percent, condition}: decimal strings by the names of model_prices, USD per million tokens or characters, or per one unit; null is unknown, or for condition the base price.';
comment on column public.pricing_held_all.applies_at is 'The first sync after this that still lists it applies it (unless it falls to zero, the third at the earliest); null: never by itself.';
