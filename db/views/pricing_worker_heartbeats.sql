-- Ignores heartbeats in the future, from before a clock was set back: a live worker writes a new one within seconds.
create or replace view public.pricing_worker_heartbeats
with (security_invoker = true)
as
select
    w.id as worker_id,
    case
        -- Not a join: the planner estimates the one row of settings at hundreds.
        when w.last_heartbeat <= clock_timestamp() + (select s.lease from public.pricing_settings s)
            then w.last_heartbeat
    end as last_heartbeat
from procrastinate.procrastinate_workers w;

comment on view public.pricing_worker_heartbeats is
'The last heartbeat of each worker; null when it has none but in the future.';
comment on column public.pricing_worker_heartbeats.worker_id is 'The worker, procrastinate.procrastinate_workers.id.';
comment on column public.pricing_worker_heartbeats.last_heartbeat is 'When it last showed that it is alive; null when the time lies in the future.';
