-- after: settle_stuck_syncs
create or replace function public.expire_stalled_syncs()
returns table (syncs_found integer, syncs_released integer)
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select s.syncs_found, s.syncs_settled from public.settle_stuck_syncs('worker_lost') s;
$$;

comment on function public.expire_stalled_syncs() is
'Expire the running syncs of workers without a heartbeat within the lease: queue them again, or fail them after max_attempts.';
