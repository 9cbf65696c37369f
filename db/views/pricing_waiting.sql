-- after: pricing_model_numbers
create or replace view public.pricing_waiting
with (security_invoker = true)
as
select
    w.provider,
    w.held,
    w.oldest_held_at,
    -- A time of infinity, set by hand in one row, must not fail the view.
    case when isfinite(w.oldest_held_at) then date_trunc('second', now() - w.oldest_held_at) end as oldest_held_ago,
    w.rejected,
    coalesce(n.priced, 0) as priced,
    w.held > 0
        and (coalesce(p.review_first and p.guards_enabled, false) or w.held * 3 >= coalesce(n.priced, 0)) as stands_still
from (
    select
        h.provider_slug as provider,
        count(*) filter (where h.status = 'held')::integer as held,
        count(*) filter (where h.status = 'rejected')::integer as rejected,
        min(greatest(h.first_seen_at, h.reopened_at)) filter (where h.status = 'held') as oldest_held_at
    from public.pricing_held_changes h
    where h.still_said and h.status in ('held', 'rejected')
    group by h.provider_slug
) as w
left join public.pricing_providers p on p.slug = w.provider
left join (
    select n.provider, sum(n.had_price)::integer as priced
    from public.pricing_model_numbers n
    where n.state <> 'inactive'
    group by n.provider
) as n on n.provider = w.provider;

comment on view public.pricing_waiting is
'Each provider with price changes that wait for a person, or that a person has rejected and it still lists: how many, since when, and whether the provider stands still by them.';
comment on column public.pricing_waiting.provider is 'The provider whose prices they are, pricing_providers.slug.';
comment on column public.pricing_waiting.held is 'Changes that wait, one a model; pricing_held shows them.';
comment on column public.pricing_waiting.oldest_held_at is 'When the one that waits longest was held, or reopened; null: none waits.';
comment on column public.pricing_waiting.oldest_held_ago is 'How long it has waited.';
comment on column public.pricing_waiting.rejected is 'Rejected changes that the provider still lists; pricing_rejected shows them.';
comment on column public.pricing_waiting.priced is 'Active models of the provider that have, or had, a price.';
comment on column public.pricing_waiting.stands_still is 'Its list does not get into force: changes of a third of its priced models or more wait, or its first list still waits for a person (review_first).';
