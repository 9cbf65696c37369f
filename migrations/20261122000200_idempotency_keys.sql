-- A key belongs to the answer that it got, which may be a job that somebody else had triggered (on_conflict = coalesce):
-- so it is a row of its own, and not a column of the job.
create table public.pricing_idempotency_keys (
    key text primary key check (length(key) between 1 and 200),
    job_id uuid not null references public.pricing_sync_jobs on delete cascade,
    request jsonb not null,
    used_at timestamptz not null default clock_timestamp()
);

alter table public.pricing_idempotency_keys enable row level security;

create index pricing_idempotency_keys_job_id on public.pricing_idempotency_keys (job_id);
create index pricing_idempotency_keys_used_at on public.pricing_idempotency_keys (used_at);

comment on table public.pricing_idempotency_keys is 'The idempotency keys of the last 24 hours: what was asked with each, and the job that it got.';
comment on column public.pricing_idempotency_keys.request is 'What the caller asked for: providers (null: all), dry_run, on_conflict. Another request with the same key is refused.';

insert into public.pricing_idempotency_keys (key, job_id, request, used_at)
select distinct on (j.idempotency_key) j.idempotency_key, j.job_id, j.request, j.triggered_at
from public.pricing_sync_jobs j
where j.idempotency_key is not null
order by j.idempotency_key, j.triggered_at desc;
