-- GET /health/pricing shows it to every caller: no address, variable or error text.
-- after: pricing_confirmations, pricing_model_numbers
create or replace view public.pricing_freshness
with (security_invoker = true)
as
select
    p.slug as provider,
    p.state,
    f.is_fresh,
    c.confirmed_at as last_success_at,
    extract(epoch from now() - c.confirmed_at)::bigint as age_seconds,
    extract(epoch from p.sync_interval)::bigint as interval_seconds,
    c.due_at,
    coalesce(m.models_priced, 0) as models_priced,
    case
        when f.is_fresh then null
        -- Not late yet, but without a list.
        when c.confirmed_at is null and c.why = 'overdue' then 'never synced'
        else c.why
    end as reason
from public.pricing_providers p
join public.pricing_confirmations c on c.provider = p.slug
cross join lateral (
    select case
        when c.confirmed_at is not null then c.due_at >= now()
        when c.is_syncable and p.state <> 'no_credentials' then false
    end as is_fresh
) as f
left join (
    select n.provider, sum(n.models)::integer as models_priced
    from public.pricing_model_numbers n
    where n.state in ('priced', 'free')
    group by n.provider
) as m on m.provider = p.slug
where p.enabled;

comment on view public.pricing_freshness is
'Each enabled provider, the catalogue included: whether its list was confirmed in time. It may be shown to every caller.';
comment on column public.pricing_freshness.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_freshness.state is 'ok, failing (3 failures in a row), no_credentials or no_price_api.';
comment on column public.pricing_freshness.is_fresh is 'True: its list was confirmed within the time that its interval allows; false: it was not, or never; null: it is not synced itself (no credential, no adapter), and its prices are the catalogue''s.';
comment on column public.pricing_freshness.last_success_at is 'When its list was last confirmed, changed or not; null: never.';
comment on column public.pricing_freshness.age_seconds is 'Seconds since then.';
comment on column public.pricing_freshness.interval_seconds is 'Seconds between scheduled syncs.';
comment on column public.pricing_freshness.due_at is 'When its list has to be confirmed at the latest.';
comment on column public.pricing_freshness.models_priced is 'Its active models whose price is known, free ones included.';
comment on column public.pricing_freshness.reason is 'Why it is not fresh: never synced, failing, overdue, rate limited, schedule off, no credential or no adapter; null where it is.';
