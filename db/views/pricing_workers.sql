-- after: known_pricing_workers
create or replace view public.pricing_workers
with (security_invoker = true)
as
select w.worker_id, w.last_heartbeat, w.is_alive, w.lease_ends_at, w.running
from public.known_pricing_workers() w;

comment on view public.pricing_workers is
'The registered workers, one row each: which are alive, and what they run. A worker that stops in order is gone; one that was lost stays, not alive, until the next worker starts.';
comment on column public.pricing_workers.worker_id is 'The number that the engine gave it when it started; log lines and pricing_sync_log have it.';
comment on column public.pricing_workers.last_heartbeat is 'Its last heartbeat; null when it has none but in the future.';
comment on column public.pricing_workers.is_alive is 'True: its last heartbeat is within the lease.';
comment on column public.pricing_workers.lease_ends_at is 'When it counts as lost without a further heartbeat.';
comment on column public.pricing_workers.running is 'The provider syncs that it runs: [{provider, job_id, attempt, started_at}], the earliest first.';
