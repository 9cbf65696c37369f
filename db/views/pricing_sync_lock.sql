create or replace view public.pricing_sync_lock
with (security_invoker = true)
as
with running as (
    select h.lock_key, h.locked_at, h.locked_by, h.expires_at, h.job_id from public.running_sync_locks() as h
)
select running.lock_key, running.locked_at, running.locked_by, running.expires_at, running.job_id from running
union all
select
    'pricing_sync_global',
    min(running.locked_at),
    count(*) || ' running',
    max(running.expires_at),
    (array_agg(running.job_id order by running.locked_at))[1]
from running
having count(*) > 0;

comment on view public.pricing_sync_lock is
'The locks of running provider syncs, one row each, and while there is any, one row pricing_sync_global for all of them. DELETE of a row takes the sync from its worker and queues it again.';
comment on column public.pricing_sync_lock.lock_key is 'pricing_sync:<provider>, or pricing_sync_global.';
comment on column public.pricing_sync_lock.locked_at is 'When the running attempt was fetched; of pricing_sync_global the earliest.';
comment on column public.pricing_sync_lock.locked_by is 'The worker; of pricing_sync_global how many syncs run.';
comment on column public.pricing_sync_lock.expires_at is 'When the clean-up takes the lock back without a further heartbeat.';
comment on column public.pricing_sync_lock.job_id is 'The job of the running sync; of pricing_sync_global the one that began first.';
