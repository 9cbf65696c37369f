-- The only rule of when a provider is late: pricing_stale, pricing_provider_status and pricing_freshness read it.
-- after: capped_expiry
create or replace view public.pricing_confirmations
with (security_invoker = true)
as
select
    d.provider,
    d.is_syncable,
    d.confirmed_at,
    d.allowed,
    d.due_at,
    d.due_at < now() and (d.is_syncable or d.confirmed_at is not null) as is_stale,
    d.why
from (
    select
        p.slug as provider,
        p.adapter is not null as is_syncable,
        c.confirmed_at,
        a.allowed,
        public.capped_expiry(coalesce(c.confirmed_at, public.capped_expiry(p.created_at)) + a.allowed) as due_at,
        case
            when not p.enabled then 'disabled'
            when p.adapter is null then 'no adapter'
            when p.state = 'no_credentials' then 'no credential'
            -- Not a join: the planner estimates the one row of settings at hundreds.
            when not (select s.scheduler_enabled from public.pricing_settings s) then 'schedule off'
            when p.consecutive_failures > 0 then 'failing'
            when p.next_allowed_at > now() then 'rate limited'
            when p.last_success_at is null then 'never synced'
            else 'overdue'
        end as why
    from public.pricing_providers p
    cross join lateral (
        select public.capped_expiry(nullif(p.last_success_at, '-infinity')) as confirmed_at
    ) as c
    cross join lateral (
        -- The schedule's longest wait, an attempt's longest time, and a quarter of an hour for the queue. Capped: an
        -- overflowing time in one row would fail the view.
        select
            least(p.sync_interval, interval '100 years') * (1 + p.sync_jitter)
                + least(p.timeout, interval '1 year')
                + interval '15 minutes' as allowed
    ) as a
) as d;

comment on view public.pricing_confirmations is
'Each provider with the time by which its list has to be confirmed again: sync_interval with its jitter, the timeout of an attempt and 15 minutes after the last success.';
comment on column public.pricing_confirmations.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_confirmations.is_syncable is 'It has an adapter.';
comment on column public.pricing_confirmations.confirmed_at is 'When a sync last confirmed its list; null: never, or not known.';
comment on column public.pricing_confirmations.allowed is 'How long a confirmation holds.';
comment on column public.pricing_confirmations.due_at is 'When it has to be confirmed at the latest; of one that never was, counted from its creation.';
comment on column public.pricing_confirmations.is_stale is 'True: that time has passed; it is a row of pricing_stale.';
comment on column public.pricing_confirmations.why is 'Why it would be late, as in pricing_stale.';
