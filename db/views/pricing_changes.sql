-- after: pricing_history
create or replace view public.pricing_changes
with (security_invoker = true)
as
select
    h.changed_at,
    h.provider,
    h.model,
    h.price,
    h.before,
    h.after,
    h.percent,
    h.condition,
    h.effective_at,
    h.in_force_until,
    h.changed_by,
    h.source,
    h.job_id,
    h.id,
    h.position
from public.pricing_history h
where h.is_in_force
order by h.changed_at desc, h.id desc, h.position;

comment on view public.pricing_changes is
'What changed in the prices that are charged, over all models and newest first: one row for each price. Token and character prices are US dollars per million; where changed_at >= ... reads only the newest rows.';
comment on column public.pricing_changes.changed_at is 'When the change was written; ties are ordered by id.';
comment on column public.pricing_changes.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_changes.model is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_changes.price is 'Which price, as model_prices names it; null: no single price differs, only the order of conditions.';
comment on column public.pricing_changes.before is 'The price before, in the unit of its name: USD per million tokens or characters, or per one unit; null: unknown, or the first price.';
comment on column public.pricing_changes.after is 'The price from then on, in the same unit; null: unknown.';
comment on column public.pricing_changes.percent is 'The change in percent of the price before; null where one of the two is unknown, or the one before is 0.';
comment on column public.pricing_changes.condition is 'For which requests it is the price, as in model_pricing.conditions; null: the base price.';
comment on column public.pricing_changes.effective_at is 'From when it is charged: an announced moment that a sync recorded late, else changed_at.';
comment on column public.pricing_changes.in_force_until is 'When the next other price of that name replaced it; null: it is in force now.';
comment on column public.pricing_changes.changed_by is 'api_sync:<provider>, manual:<name>, rollback:<job_id>, expiry:<override id>, announced:<provider>, or repair:<reason> by a migration.';
comment on column public.pricing_changes.source is 'Where the price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.pricing_changes.job_id is 'The job that wrote it; null where a person did.';
comment on column public.pricing_changes.id is 'model_pricing_history.id: the change that the row is a part of.';
comment on column public.pricing_changes.position is 'The order within one change: base prices in the order of pricing_axes, then those under conditions.';
