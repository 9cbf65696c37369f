create or replace view public.pricing_sync_lock
with (security_invoker = true)
as
with held as (
    select h.lock_key, h.locked_at, h.locked_by, h.expires_at, h.job_id from public.running_sync_locks() as h
)
select held.lock_key, held.locked_at, held.locked_by, held.expires_at, held.job_id from held
union all
select
    'pricing_sync_global',
    min(held.locked_at),
    count(*) || ' running',
    max(held.expires_at),
    (array_agg(held.job_id order by held.locked_at))[1]
from held
having count(*) > 0;

comment on view public.pricing_sync_lock is
'The locks held now: one row per running provider sync, and while there is any, pricing_sync_global for all of them.';
comment on column public.pricing_sync_lock.lock_key is 'pricing_sync:<provider>, or pricing_sync_global.';
comment on column public.pricing_sync_lock.locked_at is 'When the running attempt was fetched; of pricing_sync_global the earliest.';
comment on column public.pricing_sync_lock.locked_by is 'The worker; of pricing_sync_global how many syncs run.';
comment on column public.pricing_sync_lock.expires_at is 'When the clean-up takes the lock back without a further heartbeat.';
comment on column public.pricing_sync_lock.job_id is 'The job of the running sync; of pricing_sync_global the one that began first.';
