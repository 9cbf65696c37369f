-- HTTP, command line and page list it. Times within what clients can read, so that no infinity set by hand fails it.
-- after: capped_expiry, pricing_confirmations, pricing_model_numbers, pricing_waiting
create or replace view public.pricing_provider_status
with (security_invoker = true)
as
select
    p.slug as provider,
    p.name,
    p.adapter,
    -- The text before an @ may be a password.
    regexp_replace(p.base_url, '//.*@', '//***@') as base_url,
    p.enabled,
    p.state,
    p.credential_variable,
    case
        when p.credential_variable is not null and p.enabled then p.state <> 'no_credentials'
    end as has_credential,
    p.price_api,
    extract(epoch from p.sync_interval)::bigint as interval_seconds,
    extract(epoch from p.timeout)::bigint as timeout_seconds,
    p.sync_jitter,
    p.review_first,
    p.guards_enabled,
    p.guard_large_ratio,
    p.guard_unit_ratio,
    p.guard_lowest_per_1m,
    p.guard_highest_per_1m,
    case
        when p.next_sync_at > '-infinity' then public.capped_expiry(least(p.next_sync_at, '9999-12-31 00:00:00+00'))
    end as next_sync_at,
    case
        when p.next_allowed_at > '-infinity' then public.capped_expiry(least(p.next_allowed_at, '9999-12-31 00:00:00+00'))
    end as next_allowed_at,
    c.confirmed_at as last_success_at,
    public.capped_expiry(nullif(p.last_changed_at, '-infinity')) as last_changed_at,
    c.due_at,
    coalesce(c.is_stale, false) as is_stale,
    case when c.is_stale then c.why end as why,
    p.consecutive_failures,
    public.capped_expiry(l.ended_at) as last_sync_at,
    l.status as last_sync_status,
    l.error_kind as last_error_kind,
    l.error_message as last_error_message,
    l.job_id as last_job_id,
    o.status as open_sync_status,
    o.job_id as open_job_id,
    coalesce(m.models, 0) as models,
    coalesce(m.models_priced, 0) as models_priced,
    coalesce(w.held, 0) as models_held,
    coalesce(w.rejected, 0) as models_rejected,
    public.capped_expiry(w.oldest_held_at) as oldest_held_at,
    coalesce(w.stands_still, false) as stands_still,
    p.unknown_keys
from public.pricing_providers p
join public.pricing_confirmations c on c.provider = p.slug
left join lateral (
    select
        a.status,
        a.error_kind,
        a.error_message,
        a.job_id,
        coalesce(a.sync_completed_at, a.sync_started_at, a.queued_at) as ended_at
    from public.pricing_sync_log a
    -- Not =: the planner would walk the log by its key, to the end for a provider without a row.
    where a.provider_slug >= p.slug and a.provider_slug <= p.slug and a.status not in ('queued', 'in_progress')
    order by a.provider_slug, a.id desc
    limit 1
) as l on true
left join (
    select distinct on (a.provider_slug) a.provider_slug, a.status, a.job_id
    from public.pricing_sync_log a
    where a.status in ('queued', 'in_progress')
    order by a.provider_slug, a.status = 'in_progress' desc, a.id
) as o on o.provider_slug = p.slug
left join (
    select
        n.provider,
        sum(n.models)::integer as models,
        coalesce(sum(n.models) filter (where n.state <> 'unknown'), 0)::integer as models_priced
    from public.pricing_model_numbers n
    where n.state <> 'inactive'
    group by n.provider
) as m on m.provider = p.slug
left join public.pricing_waiting w on w.provider = p.slug;

comment on view public.pricing_provider_status is
'Each provider with its settings, how its syncs go and what its list holds: what HTTP, command line and page show.';
comment on column public.pricing_provider_status.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_provider_status.name is 'The provider''s name for people.';
comment on column public.pricing_provider_status.adapter is 'Which adapter reads its list; null: none, prices can only come from the catalogue.';
comment on column public.pricing_provider_status.base_url is 'Scheme, host and any prefix; what stands before an @ is hidden.';
comment on column public.pricing_provider_status.enabled is 'False: neither scheduled nor accepted by a trigger.';
comment on column public.pricing_provider_status.state is 'ok, failing (3 failures in a row), no_credentials, no_price_api or disabled.';
comment on column public.pricing_provider_status.credential_variable is 'Name of the worker''s environment variable that holds the credential; never the credential. Null: it needs none.';
comment on column public.pricing_provider_status.has_credential is 'False: no worker has reported that variable (pricing_missing_credentials); null: it needs none, or is disabled.';
comment on column public.pricing_provider_status.price_api is 'False: its list names models only, and their prices are the catalogue''s.';
comment on column public.pricing_provider_status.interval_seconds is 'Seconds between scheduled syncs (sync_interval).';
comment on column public.pricing_provider_status.timeout_seconds is 'An attempt that takes longer than this fails.';
comment on column public.pricing_provider_status.sync_jitter is 'Share of the interval by which a scheduled sync is moved at random, either way.';
comment on column public.pricing_provider_status.review_first is 'True: its first list waits until a person has accepted it (accept_first_list).';
comment on column public.pricing_provider_status.guards_enabled is 'False: every change is applied, however suspicious.';
comment on column public.pricing_provider_status.guard_large_ratio is 'A token price that moves by this factor or more waits: for a person, or until it has stayed the same for a day.';
comment on column public.pricing_provider_status.guard_unit_ratio is 'A token price that moves by this factor or more looks like another unit: only a person applies it.';
comment on column public.pricing_provider_status.guard_lowest_per_1m is 'A token price that is lower, in USD per million, and not zero looks like another unit.';
comment on column public.pricing_provider_status.guard_highest_per_1m is 'A token price that is higher, in USD per million, looks like another unit.';
comment on column public.pricing_provider_status.next_sync_at is 'When the schedule enqueues the next sync; null: as soon as possible; 9999-12-31: never.';
comment on column public.pricing_provider_status.next_allowed_at is 'The provider asked not to be called before this time.';
comment on column public.pricing_provider_status.last_success_at is 'When its list was last confirmed, changed or not; null: never.';
comment on column public.pricing_provider_status.last_changed_at is 'When a sync last changed one of its prices.';
comment on column public.pricing_provider_status.due_at is 'When its list has to be confirmed at the latest.';
comment on column public.pricing_provider_status.is_stale is 'True: that time has passed; it is a row of pricing_stale.';
comment on column public.pricing_provider_status.why is 'Why it is stale, as in pricing_stale; null: it is not.';
comment on column public.pricing_provider_status.consecutive_failures is 'Failed syncs since the last success.';
comment on column public.pricing_provider_status.last_sync_at is 'When its newest ended attempt ended; null: none has.';
comment on column public.pricing_provider_status.last_sync_status is 'How that attempt ended: success, failed or cancelled.';
comment on column public.pricing_provider_status.last_error_kind is 'Why it failed or was cancelled, one of a closed set of words; null: it succeeded.';
comment on column public.pricing_provider_status.last_error_message is 'The same for people.';
comment on column public.pricing_provider_status.last_job_id is 'The job of that attempt.';
comment on column public.pricing_provider_status.open_sync_status is 'in_progress: a sync of it runs; queued: one waits; null: neither.';
comment on column public.pricing_provider_status.open_job_id is 'The job of the sync that runs, or of the one that waits longest.';
comment on column public.pricing_provider_status.models is 'Its active models.';
comment on column public.pricing_provider_status.models_priced is 'Those of them whose price is known, free ones included.';
comment on column public.pricing_provider_status.models_held is 'Changes that wait, one a model; pricing_held shows them.';
comment on column public.pricing_provider_status.models_rejected is 'Rejected changes that its list still has; pricing_rejected shows them.';
comment on column public.pricing_provider_status.oldest_held_at is 'When the change that waits longest was held, or reopened; null: none waits.';
comment on column public.pricing_provider_status.stands_still is 'Its list does not get into force, as in pricing_waiting.';
comment on column public.pricing_provider_status.unknown_keys is 'Price keys of its list that no adapter knows.';
