-- The engine's own heartbeat does not tell whether the worker's row still exists. A worker that was suspended longer than
-- the lease, and pruned, would go on unregistered and uncounted until its next fetch failed.
create or replace function public.beat_pricing_worker(worker_id bigint)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform procrastinate.procrastinate_update_heartbeat_v1(beat_pricing_worker.worker_id);
    return exists (
        select from procrastinate.procrastinate_workers w where w.id = beat_pricing_worker.worker_id
    );
end;
$$;

comment on function public.beat_pricing_worker(bigint) is
'Write the heartbeat of a worker; false when it was pruned and has to register again.';
