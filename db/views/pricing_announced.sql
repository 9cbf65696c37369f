create or replace view public.pricing_announced
with (security_invoker = true)
as
select
    m.provider_slug as provider,
    m.model_id as model,
    e.effective_at,
    a.short_name as price,
    trim_scale(case when e.ends then e.amount else e.base end * a.factor) as before,
    trim_scale(case when e.ends then e.base else e.amount end * a.factor) as after,
    trim_scale(
        case when e.ends then (e.base - e.amount) * 100 / nullif(e.amount, 0)
            else (e.amount - e.base) * 100 / nullif(e.base, 0)
        end
    ) as percent,
    nullif(e.condition, '{}') as condition,
    m.pricing_source as source,
    m.last_changed_at as announced_at,
    m.id
from public.model_pricing m
cross join lateral (
    select public.pricing_effective_set(public.pricing_price_set(to_jsonb(m)), now()) as prices offset 0
) as s
cross join lateral jsonb_array_elements(coalesce(s.prices -> 'conditions', '[]')) as c (entry)
cross join lateral (
    select
        public.pricing_moment(c.entry ->> 'effective_from') as begins_at,
        public.pricing_moment(c.entry ->> 'effective_until') as ends_at
    offset 0
) as t
join public.pricing_axes() a on c.entry ? a.axis
cross join lateral (
    select
        coalesce(t.begins_at, t.ends_at) as effective_at,
        t.begins_at is null as ends,
        (c.entry ->> a.axis)::numeric as amount,
        coalesce(
            -- What is charged until then under the same keys: the batch price, not the base price.
            (
                select (o.entry ->> a.axis)::numeric
                from jsonb_array_elements(s.prices -> 'conditions') with ordinality as o (entry, position)
                where t.begins_at is not null
                    and not o.entry ? 'effective_from'
                    and o.entry - 'effective_until' - array(select x.axis from public.pricing_axes() x)
                        = c.entry - 'effective_from' - 'effective_until' - array(select x.axis from public.pricing_axes() x)
                    and o.entry ? a.axis
                order by o.position desc
                limit 1
            ),
            (s.prices ->> a.axis)::numeric
        ) as base,
        c.entry - 'effective_from' - array(select x.axis from public.pricing_axes() x) as condition
) as e
where m.next_effective_at is not null
    -- A price for some requests only, such as long prompts, ends together with the price that it belongs to.
    and (
        t.begins_at is not null
        or (t.ends_at is not null and e.condition - 'effective_until' = '{}')
    );

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
