-- after: model_prices
create or replace view public.pricing_unpriced
with (security_invoker = true)
as
select
    m.provider_slug as provider,
    m.model_id as model,
    m.name,
    case
        when h.status = 'held' then 'held'
        when h.status = 'rejected' then 'rejected'
        when m.missing_count > 0 then 'not in the list'
        when m.extra <> '{}' then 'only in extra'
        when m.pricing_source like 'catalogue:%' then 'not in the catalogue'
        else 'said unknown'
    end as why,
    h.id as held_id,
    m.pricing_source as source,
    m.first_seen_at,
    m.last_changed_at as lost_at
from public.model_pricing m
join public.model_prices s on s.id = m.id
left join lateral (
    select c.id, c.status
    from public.pricing_held_changes c
    where c.model_id = m.id and (c.status = 'held' or (c.status = 'rejected' and c.still_said))
    order by c.id desc
    limit 1
) as h on true
-- Not = 'unknown': the planner takes that for one model of two hundred, and reads all of them for a page.
where m.is_active and s.price_state not in ('priced', 'free');

comment on view public.pricing_unpriced is
'Active models without a price in force, and why; do not bill by an unknown price.';
comment on column public.pricing_unpriced.why is
'held: a price waits in pricing_held; rejected: a person rejected it; not in the list: its provider''s last lists lack it; only in extra: its list has only prices that are not read, such as one by the minute (see pricing_incomplete); not in the catalogue: its provider publishes no prices, and the catalogue does not have it; said unknown: the list has it without a price.';
comment on column public.pricing_unpriced.held_id is 'The held or rejected change, for approve_held_price_change.';
comment on column public.pricing_unpriced.lost_at is 'When it lost its price; null: it never had one.';
comment on column public.pricing_unpriced.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_unpriced.model is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_unpriced.name is 'The model''s name for people; null where the list has none.';
comment on column public.pricing_unpriced.source is 'Where the price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.pricing_unpriced.first_seen_at is 'When a list first had the model.';
