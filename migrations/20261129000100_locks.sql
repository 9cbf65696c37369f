-- Advisory locks are free for all: any login could take ours, and keep syncs waiting for as long as it liked. A row of a
-- table that nobody has a right on is locked by our own functions, and by nobody else.
create table public.pricing_locks (
    name text primary key
);

alter table public.pricing_locks enable row level security;

comment on table public.pricing_locks is 'What our functions lock, one row each: "prices of <provider>", "triggers of <provider>", "schedule of <scheduler>". A row says nothing; who has locked it holds what it names. Rows are made when they are first needed, and may be deleted.';

-- An attempt that gave up waiting while somebody held the very rows that say so.
create table public.pricing_given_up_syncs (
    queue_job_id bigint not null,
    attempt integer not null check (attempt >= 1),
    message text not null,
    given_up_at timestamptz not null default clock_timestamp(),
    primary key (queue_job_id, attempt)
);

alter table public.pricing_given_up_syncs enable row level security;

comment on table public.pricing_given_up_syncs is 'Attempts that a worker has given up while somebody held their queue row, log row or job; the first clean-up that can queues them again.';
comment on column public.pricing_given_up_syncs.queue_job_id is 'The queue row, procrastinate.procrastinate_jobs.id.';
comment on column public.pricing_given_up_syncs.message is 'Who held what, as far as the database could tell; it becomes the error_message of the attempt.';

-- Two callers may use the same key, and neither learns of the other's job.
alter table public.pricing_idempotency_keys add column identity text not null default '';

update public.pricing_idempotency_keys k
set identity = j.triggered_by
from public.pricing_sync_jobs j
where j.job_id = k.job_id;

alter table public.pricing_idempotency_keys drop constraint pricing_idempotency_keys_pkey;
alter table public.pricing_idempotency_keys add constraint pricing_idempotency_keys_pkey primary key (identity, key);
-- The key is written before its job: who uses it at the same time waits for it there.
alter table public.pricing_idempotency_keys
    alter constraint pricing_idempotency_keys_job_id_fkey deferrable initially deferred;

comment on column public.pricing_idempotency_keys.identity is 'Who used it, as far as the server knows (pricing_identity): a key belongs to one caller. From before 0.4.0: what its job''s triggered_by says.';
