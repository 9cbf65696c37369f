-- A worker reads it at its start, in the units of the engine.
create or replace view public.pricing_worker_settings
with (security_invoker = true)
as
select
    extract(epoch from s.heartbeat_interval)::double precision as heartbeat_seconds,
    extract(epoch from s.lease)::double precision as lease_seconds
from public.pricing_settings s;

comment on view public.pricing_worker_settings is
'The settings of a worker''s start, in seconds, as one row; change them in pricing_settings.';
comment on column public.pricing_worker_settings.heartbeat_seconds is 'Seconds between two heartbeats of a worker.';
comment on column public.pricing_worker_settings.lease_seconds is 'A worker without a heartbeat for this many seconds is stalled.';
