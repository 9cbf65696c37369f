create or replace view public.pricing_stale
with (security_invoker = true)
as
with confirming as (
    select
        p.slug,
        p.adapter is not null as is_syncable,
        case when isfinite(p.last_success_at) then p.last_success_at end as confirmed_at,
        p.created_at,
        -- The schedule's longest wait, an attempt's longest time, and a quarter of an hour for the queue. Capped: an overflowing
        -- time in one row would fail the view.
        least(p.sync_interval, interval '100 years') * (1 + p.sync_jitter)
            + least(p.timeout, interval '1 year')
            + interval '15 minutes' as allowed,
        case
            when not p.enabled then 'disabled'
            when p.adapter is null then 'no adapter'
            when p.state = 'no_credentials' then 'no credential'
            when not s.scheduler_enabled then 'schedule off'
            when p.consecutive_failures > 0 then 'failing'
            when p.next_allowed_at > now() then 'rate limited'
            when p.last_success_at is null then 'never synced'
            else 'overdue'
        end as why
    from public.pricing_providers p
    cross join public.pricing_settings s
),
due as (
    select c.*, coalesce(c.confirmed_at, c.created_at) + c.allowed as due_at
    from confirming c
),
priced as (
    select
        m.provider_slug,
        m.model_id,
        m.pricing_source,
        m.listed_by,
        m.missing_count,
        -- As in model_prices.
        case when m.pricing_source like 'catalogue:%' then 'catalogue' else m.provider_slug end as confirmed_by
    from public.model_pricing m
    where m.is_active and m.last_changed_at is not null
),
-- Models that the newest lists lack: an earlier list has confirmed them.
missing as (
    select p.*, l.applied_at as confirmed_at, l.applied_at + d.allowed as due_at
    from priced p
    join due d on d.slug = p.listed_by
    cross join lateral (
        select min(n.applied_at) as applied_at
        from (
            select k.applied_at
            from public.pricing_sync_log k
            where k.provider_slug = p.listed_by
                and k.status = 'success'
                and k.applied_at is not null
                -- A dry run confirms nothing.
                and not coalesce(k.details ? 'differences_total', false)
            order by k.id desc
            limit p.missing_count + 1
        ) as n
    ) as l
    where p.missing_count > 0
),
newest_list as (
    select d.slug, d.allowed, l.id, l.details
    from due d
    cross join lateral (
        select k.id, k.details
        from public.pricing_sync_log k
        where k.provider_slug = d.slug
            and k.status = 'success'
            and k.applied_at is not null
            and not coalesce(k.details ?| '{differences_total,not_modified}', false)
        order by k.id desc
        limit 1
    ) as l
    where l.details ? 'skipped'
),
-- Models that the newest list has and that could not be read: a list within the allowed time may have confirmed them.
skipped as (
    select p.*
    from newest_list n
    cross join lateral jsonb_to_recordset(n.details -> 'skipped') as k (model_id text)
    join priced p on p.provider_slug = n.slug and p.confirmed_by = n.slug and p.model_id = k.model_id
    where not exists (
        select
        from public.pricing_sync_log e
        where e.provider_slug = n.slug
            and e.id < n.id
            and e.status = 'success'
            and e.applied_at > now() - n.allowed
            and not coalesce(e.details ? 'differences_total', false)
            -- What was not modified confirms what the whole list before it had.
            and not coalesce(
                (
                    select f.details -> 'skipped' @> jsonb_build_array(jsonb_build_object('model_id', k.model_id))
                    from public.pricing_sync_log f
                    where f.provider_slug = n.slug
                        and f.id <= e.id
                        and f.status = 'success'
                        and f.applied_at is not null
                        and not coalesce(f.details ?| '{differences_total,not_modified}', false)
                    order by f.id desc
                    limit 1
                ),
                false
            )
    )
),
stale as (
    select
        d.slug as provider, null::text as model, d.why, d.slug as confirmed_by, d.confirmed_at, d.due_at, null::text as source
    from due d
    where d.due_at < now() and (d.is_syncable or d.confirmed_at is not null)
    union all
    select
        p.provider_slug, p.model_id, coalesce(d.why, 'no provider'), p.confirmed_by, d.confirmed_at, d.due_at, p.pricing_source
    from priced p
    left join due d on d.slug = p.confirmed_by
    where d.slug is null or d.due_at < now()
    union all
    select
        m.provider_slug, m.model_id, 'not in the list', m.confirmed_by, m.confirmed_at, m.due_at, m.pricing_source
    from missing m
    join due d on d.slug = m.confirmed_by and d.due_at >= now()
    where m.due_at < now()
    union all
    select
        k.provider_slug, k.model_id, 'not understood', k.confirmed_by, null, null, k.pricing_source
    from skipped k
    join due d on d.slug = k.confirmed_by and d.due_at >= now()
)
select
    s.provider,
    s.model,
    s.why,
    s.confirmed_by,
    s.confirmed_at,
    s.due_at,
    date_trunc('second', now() - s.due_at) as overdue,
    s.source
from stale s;

comment on view public.pricing_stale is
'Providers (model is null) and active priced models that were not confirmed for longer than their interval allows: sync_interval with its jitter, the timeout of an attempt and 15 minutes. confirmed_by is the list that should.';
comment on column public.pricing_stale.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_stale.model is 'The model''s id as the provider spells it; null: the provider itself, whose list was not read in time.';
comment on column public.pricing_stale.why is 'failing: its last attempt failed; overdue: no attempt ended in time; rate limited: the provider asked not to be called yet; never synced; schedule off: pricing_settings.scheduler_enabled; disabled, no credential, no adapter: it is not synced at all; no provider: it has no row any more; not in the list: its list is read, but the last ones lack the model; not understood: the last lists have the model, and it was skipped.';
comment on column public.pricing_stale.confirmed_by is 'Whose list should confirm it: the provider''s own, or catalogue for a catalogue price.';
comment on column public.pricing_stale.confirmed_at is 'When it was last confirmed; null: never, or not known.';
comment on column public.pricing_stale.due_at is 'When it had to be confirmed at the latest; null: not known.';
comment on column public.pricing_stale.overdue is 'For how long it has not been confirmed beyond that.';
comment on column public.pricing_stale.source is 'Of a model, where its price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
