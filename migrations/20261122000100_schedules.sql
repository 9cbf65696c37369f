alter table public.pricing_settings add column scheduler_enabled boolean not null default true;

comment on column public.pricing_settings.scheduler_enabled is 'False: no sync is enqueued by the schedule; triggers still work, and stuck syncs are still settled.';
comment on column public.pricing_settings.queued_timeout is 'A sync that waits this long fails when no worker has been alive for this long; one that only waits for a lock does not.';
comment on column public.pricing_settings.retention is 'How long finished jobs are kept: pg_cron, or a worker where there is none, prunes older ones every hour. Price history is kept for ever.';

comment on column public.pricing_providers.sync_interval is 'Time between scheduled syncs, 5 minutes or more; stretched up to a day while the provider is failing.';
comment on column public.pricing_providers.sync_jitter is 'Share of the interval by which a scheduled sync is moved at random, either way.';
comment on column public.pricing_providers.next_sync_at is 'When the schedule enqueues the next sync; null: as soon as possible. A sync by hand leaves it alone until it has come, and then serves it.';
comment on column public.pricing_providers.next_allowed_at is 'The provider asked not to be called before this time; the schedule waits for it, a trigger by hand does not.';
comment on column public.pricing_sync_jobs.stopped_at is 'When a person cancelled the job, or ended it by an UPDATE of its status.';

-- One row per scheduler, written by its every tick: how SQL, health and the other scheduler see that it is alive.
create table public.pricing_scheduler_ticks (
    scheduler text primary key check (scheduler in ('pg_cron', 'worker')),
    last_tick_at timestamptz not null,
    last_enqueued_at timestamptz,
    last_pruned_at timestamptz,
    last_error text
);

alter table public.pricing_scheduler_ticks enable row level security;

comment on table public.pricing_scheduler_ticks is 'The heartbeat of the schedule: pg_cron ticks every minute; the workers tick every few seconds, and take over while pg_cron is silent.';
comment on column public.pricing_scheduler_ticks.last_tick_at is 'When it last ticked, whether or not anything was due.';
comment on column public.pricing_scheduler_ticks.last_enqueued_at is 'When it last enqueued a sync that was due.';
comment on column public.pricing_scheduler_ticks.last_pruned_at is 'When it last pruned old jobs.';
comment on column public.pricing_scheduler_ticks.last_error is 'Why its last tick could not do all it should; null when it could.';
