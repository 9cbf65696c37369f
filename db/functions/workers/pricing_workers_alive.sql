-- The health routes and the scheduler's status call it. Definer: only the owner and the worker may read the engine's
-- tables.
create or replace function public.pricing_workers_alive()
returns integer
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select count(*)::integer
    from public.pricing_worker_heartbeats as worker
    cross join public.pricing_settings as settings
    where worker.last_heartbeat > clock_timestamp() - settings.lease;
$$;

comment on function public.pricing_workers_alive() is
'How many workers have had a heartbeat within the lease.';
