-- Row level security from the first moment: older Supabase projects grant every new table to anon.
-- Who may read is in db/access.sql.

-- One row, typed columns: what SQL needs as much as Python, so that a person can change it with one UPDATE.
create table public.pricing_settings (
    id boolean primary key default true check (id),
    heartbeat_interval interval not null default interval '5 seconds'
        check (heartbeat_interval >= interval '1 second'),
    lease interval not null default interval '20 seconds',
    max_attempts integer not null default 3 check (max_attempts between 1 and 100),
    queued_timeout interval not null default interval '24 hours'
        check (queued_timeout >= interval '1 minute'),
    retention interval not null default interval '30 days' check (retention >= interval '1 hour'),
    updated_at timestamptz not null default now(),
    -- A lease that a healthy worker could miss would take its work away.
    check (lease >= 2 * heartbeat_interval)
);

alter table public.pricing_settings enable row level security;

comment on table public.pricing_settings is 'The one row of settings that the database and the workers share.';
comment on column public.pricing_settings.heartbeat_interval is 'How often a worker shows that it is alive.';
comment on column public.pricing_settings.lease is 'A worker without a heartbeat for this long is stalled, and its syncs are taken back.';
comment on column public.pricing_settings.max_attempts is 'Attempts at one provider sync, lost workers included, before it fails.';
comment on column public.pricing_settings.queued_timeout is 'Meant for a waiting sync when no worker has been alive for this long; has no effect in this version.';
comment on column public.pricing_settings.retention is 'How long finished jobs are meant to be kept; cleanup_old_pricing_jobs takes it as an argument, and nothing calls that by itself in this version. Price history is kept for ever.';

insert into public.pricing_settings default values;

create table public.pricing_providers (
    slug text primary key check (slug ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
    name text not null check (name <> ''),
    adapter text check (adapter <> ''),
    base_url text check (base_url ~ '^https?://[^[:space:]]+$'),
    credential_variable text check (credential_variable ~ '^[A-Z][A-Z0-9_]*$'),
    enabled boolean not null default true,
    sync_interval interval not null default interval '6 hours'
        check (sync_interval >= interval '5 minutes'),
    sync_jitter numeric not null default 0.1 check (sync_jitter between 0 and 0.5),
    timeout interval not null default interval '10 minutes' check (timeout >= interval '1 second'),
    review_first boolean not null default false,
    state text not null default 'ok'
        check (state in ('ok', 'failing', 'no_credentials', 'no_price_api', 'disabled')),
    next_sync_at timestamptz,
    next_allowed_at timestamptz,
    last_success_at timestamptz,
    last_changed_at timestamptz,
    consecutive_failures integer not null default 0 check (consecutive_failures >= 0),
    etag text,
    etag_parser text,
    content_digest text,
    created_at timestamptz not null default now()
);

alter table public.pricing_providers enable row level security;

comment on table public.pricing_providers is 'The providers whose prices are synced: where, how often, and how it goes.';
comment on column public.pricing_providers.slug is 'The provider''s name in every other table, URL and command.';
comment on column public.pricing_providers.adapter is 'Which adapter reads its price list; null: none, prices can only come from the catalogue.';
comment on column public.pricing_providers.base_url is 'Scheme, host and any prefix; the adapter appends its path.';
comment on column public.pricing_providers.credential_variable is 'Name of the worker''s environment variable that holds the credential; never the credential.';
comment on column public.pricing_providers.enabled is 'False: neither scheduled nor accepted by a trigger.';
comment on column public.pricing_providers.sync_interval is 'Time between scheduled syncs, 5 minutes or more; nothing schedules in this version.';
comment on column public.pricing_providers.sync_jitter is 'Share of the interval by which a scheduled sync may be moved; nothing schedules in this version.';
comment on column public.pricing_providers.timeout is 'An attempt that takes longer than this fails.';
comment on column public.pricing_providers.review_first is 'Meant for a provider whose first price list a person must accept; has no effect in this version.';
comment on column public.pricing_providers.state is 'ok, failing (3 failures in a row), no_credentials, no_price_api or disabled.';
comment on column public.pricing_providers.next_sync_at is 'When the schedule wants the next sync; null: as soon as possible. Nothing schedules in this version.';
comment on column public.pricing_providers.next_allowed_at is 'The provider asked not to be called before this time.';
comment on column public.pricing_providers.last_success_at is 'When its prices were last confirmed, changed or not.';
comment on column public.pricing_providers.last_changed_at is 'When a sync last changed one of its prices.';
comment on column public.pricing_providers.etag is 'Sent back as If-None-Match, when etag_parser is the version that reads the answer.';
comment on column public.pricing_providers.content_digest is 'SHA-256 of the last price list that was applied.';

insert into public.pricing_providers (slug, name, adapter, base_url) values
    ('openrouter', 'OpenRouter', 'openrouter', 'https://openrouter.ai'),
    ('deepinfra', 'DeepInfra', 'deepinfra', 'https://api.deepinfra.com'),
    ('catalogue', 'Catalogue (genai-prices)', 'catalogue', null);
