create table public.pricing_sync_jobs (
    job_id uuid primary key default gen_random_uuid(),
    status text not null default 'queued'
        check (status in ('queued', 'running', 'completed', 'failed', 'cancelled')),
    outcome text check (outcome in ('success', 'partial', 'failed', 'cancelled')),
    triggered_by text not null check (length(triggered_by) between 1 and 200),
    triggered_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    completed_at timestamptz,
    duration_seconds numeric generated always as (extract(epoch from completed_at - started_at)) stored,
    dry_run boolean not null default false,
    request jsonb not null default '{}',
    providers text[] not null default '{}',
    providers_total integer not null default 0,
    providers_synced integer not null default 0,
    providers_failed integer not null default 0,
    models_fetched integer not null default 0,
    models_updated integer not null default 0,
    models_skipped integer not null default 0,
    total_errors integer not null default 0,
    error_message text check (length(error_message) <= 500),
    result_data jsonb not null default '{}',
    idempotency_key text check (length(idempotency_key) between 1 and 200),
    stopped_at timestamptz,
    revision bigint not null default 0,
    check ((outcome is null) = (status in ('queued', 'running')))
);

alter table public.pricing_sync_jobs enable row level security;

create index pricing_sync_jobs_triggered_at on public.pricing_sync_jobs (triggered_at desc);
create index pricing_sync_jobs_open on public.pricing_sync_jobs (triggered_at)
    where status in ('queued', 'running');
create index pricing_sync_jobs_completed_at on public.pricing_sync_jobs (completed_at)
    where completed_at is not null;
create index pricing_sync_jobs_idempotency_key on public.pricing_sync_jobs (idempotency_key, triggered_at desc)
    where idempotency_key is not null;

comment on table public.pricing_sync_jobs is 'One row per trigger; its state follows the queue rows of its provider syncs.';
comment on column public.pricing_sync_jobs.status is 'queued, running, completed, failed or cancelled.';
comment on column public.pricing_sync_jobs.outcome is 'Null until it ends, then success, partial, failed or cancelled.';
comment on column public.pricing_sync_jobs.started_at is 'When its first provider sync was fetched by a worker.';
comment on column public.pricing_sync_jobs.duration_seconds is 'Seconds from started_at to completed_at.';
comment on column public.pricing_sync_jobs.request is 'What the caller asked for, by which a repeated idempotency key is compared: providers (null: all), dry_run, on_conflict.';
comment on column public.pricing_sync_jobs.providers is 'The providers that are synced, in the order of the queue.';
comment on column public.pricing_sync_jobs.providers_synced is 'Providers whose last attempt succeeded.';
comment on column public.pricing_sync_jobs.providers_failed is 'Providers whose last attempt failed or was cancelled.';
comment on column public.pricing_sync_jobs.models_updated is 'Models that got a history row, first prices included.';
comment on column public.pricing_sync_jobs.models_skipped is 'Models that could not be understood; the log rows name them.';
comment on column public.pricing_sync_jobs.total_errors is 'Provider syncs of this job that failed.';
comment on column public.pricing_sync_jobs.result_data is 'Per provider: status, counts and error of its last attempt.';
comment on column public.pricing_sync_jobs.stopped_at is 'When a person ended the job by hand; not written in this version.';
comment on column public.pricing_sync_jobs.revision is 'Raised by every change that the system makes; a change of status that leaves it alone is a person''s.';

create table public.pricing_sync_log (
    id bigint generated always as identity primary key,
    job_id uuid not null references public.pricing_sync_jobs on delete cascade,
    provider_slug text not null,
    queue_job_id bigint not null,
    attempt integer not null check (attempt >= 1),
    status text not null default 'queued'
        check (status in ('queued', 'in_progress', 'success', 'failed', 'cancelled')),
    triggered_by text not null,
    queued_at timestamptz not null default clock_timestamp(),
    sync_started_at timestamptz,
    sync_completed_at timestamptz,
    duration_ms numeric generated always as (extract(epoch from sync_completed_at - sync_started_at) * 1000) stored,
    models_fetched integer not null default 0,
    models_updated integer not null default 0,
    models_unchanged integer not null default 0,
    models_skipped integer not null default 0,
    models_held integer not null default 0,
    errors integer not null default 0,
    error_kind text,
    error_message text,
    worker_id bigint,
    applied_at timestamptz,
    details jsonb not null default '{}',
    unique (queue_job_id, attempt)
);

alter table public.pricing_sync_log enable row level security;

create index pricing_sync_log_job_id on public.pricing_sync_log (job_id, provider_slug, id desc);
create index pricing_sync_log_provider on public.pricing_sync_log (provider_slug, id desc);
create index pricing_sync_log_open on public.pricing_sync_log (queue_job_id)
    where status in ('queued', 'in_progress');

comment on table public.pricing_sync_log is 'One row per attempt at one provider, from the moment of the trigger on.';
comment on column public.pricing_sync_log.queue_job_id is 'The queue row, procrastinate.procrastinate_jobs.id; that row may be pruned, this one stays.';
comment on column public.pricing_sync_log.attempt is '1 for the first try at this queue row.';
comment on column public.pricing_sync_log.sync_started_at is 'When a worker fetched it; null while queued.';
comment on column public.pricing_sync_log.duration_ms is 'Milliseconds from sync_started_at to sync_completed_at.';
comment on column public.pricing_sync_log.models_fetched is 'Models in the provider''s list, skipped ones included.';
comment on column public.pricing_sync_log.models_updated is 'Models that got a history row, first prices included.';
comment on column public.pricing_sync_log.models_unchanged is 'Models whose price in force was confirmed.';
comment on column public.pricing_sync_log.models_held is 'Models whose new price waits for review.';
comment on column public.pricing_sync_log.errors is '1 when the attempt failed, else 0.';
comment on column public.pricing_sync_log.error_kind is 'Why it failed, one of a closed set of words: timeout, http_status, worker_lost ...';
comment on column public.pricing_sync_log.applied_at is 'When its prices were written, in the same transaction as the end of the queue row.';
comment on column public.pricing_sync_log.details is 'skipped: the models not understood, with reasons; unknown_keys: price keys seen for the first time; differences: of a dry run.';
