-- after: pricing_announcements, pricing_axes, pricing_set_in_force
create or replace view public.pricing_announced
with (security_invoker = true)
as
select
    m.provider_slug as provider,
    m.model_id as model,
    e.effective_at,
    a.short_name as price,
    trim_scale(e.before * a.factor) as before,
    trim_scale(e.after * a.factor) as after,
    trim_scale((e.after - e.before) * 100 / nullif(e.before, 0)) as percent,
    e.condition,
    m.pricing_source as source,
    m.last_changed_at as announced_at,
    m.id
from public.model_pricing m
cross join lateral public.pricing_announcements(public.pricing_set_in_force(m), now()) as e
join public.pricing_axes() a on a.axis = e.axis
where m.next_effective_at is not null;

comment on view public.pricing_announced is
'Prices that will change at a known time, one row for each price: bills follow at effective_at by themselves. US dollars, as model_prices has them.';
comment on column public.pricing_announced.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_announced.model is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_announced.effective_at is 'From this moment on it is charged.';
comment on column public.pricing_announced.price is 'Which price, as model_prices names it: token prices per million.';
comment on column public.pricing_announced.before is 'US dollars until then; null: unknown.';
comment on column public.pricing_announced.after is 'US dollars from then on; null: unknown.';
comment on column public.pricing_announced.percent is 'The change in per cent; null where one of the two is unknown or the earlier one is 0.';
comment on column public.pricing_announced.condition is 'The keys under which it is charged; null: for every request.';
comment on column public.pricing_announced.source is 'Where the price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.pricing_announced.announced_at is 'When the model''s price set last changed, such as by this announcement.';
comment on column public.pricing_announced.id is 'model_pricing.id.';
