create or replace function public.cleanup_expired_pricing_locks()
returns integer
language sql
security definer
set search_path = pg_catalog, pg_temp
-- As in cleanup_stuck_pricing_syncs.
set lock_timeout = '1s'
as $$
    select r.syncs_released from public.expire_stalled_syncs() as r;
$$;

comment on function public.cleanup_expired_pricing_locks() is
'Release the locks of workers without a heartbeat within the lease; returns how many. Their syncs are queued again.';
