-- A heartbeat from the future is no sign of life: a clock was set back since, and whoever lives says so again in seconds.
create or replace view public.pricing_worker_heartbeats
with (security_invoker = true)
as
select
    w.id as worker_id,
    case
        -- No join: the planner takes the one row of settings for hundreds.
        when w.last_heartbeat <= clock_timestamp() + (select s.lease from public.pricing_settings s)
            then w.last_heartbeat
    end as last_heartbeat
from procrastinate.procrastinate_workers w;

comment on view public.pricing_worker_heartbeats is
'When each worker last showed that it is alive; null when all there is lies in the future.';
comment on column public.pricing_worker_heartbeats.worker_id is 'The worker, procrastinate.procrastinate_workers.id.';
comment on column public.pricing_worker_heartbeats.last_heartbeat is 'When it last showed that it is alive; null when the time lies in the future.';
