-- Reads for the view pricing_workers. Definer, because its readers have no right on the engine's tables.
create or replace function public.known_pricing_workers()
returns table (worker_id bigint, last_heartbeat timestamptz, is_alive boolean, lease_ends_at timestamptz, running jsonb)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select
        w.worker_id,
        public.capped_expiry(w.last_heartbeat),
        coalesce(w.last_heartbeat > clock_timestamp() - s.lease, false),
        public.capped_expiry(w.last_heartbeat + s.lease),
        coalesce(r.running, '[]')
    from public.pricing_worker_heartbeats w
    cross join public.pricing_settings s
    left join (
        select
            q.worker_id,
            jsonb_agg(
                jsonb_build_object(
                    'provider', q.args ->> 'provider',
                    'job_id', q.args ->> 'job_id',
                    'attempt', q.attempts + 1,
                    'started_at', public.capped_expiry(l.sync_started_at)
                )
                order by l.sync_started_at, q.id
            ) as running
        from procrastinate.procrastinate_jobs q
        left join public.pricing_sync_log l on l.queue_job_id = q.id and l.attempt = q.attempts + 1
        where q.status = 'doing' and q.task_name = 'sync_provider'
        group by q.worker_id
    ) as r on r.worker_id = w.worker_id;
$$;

comment on function public.known_pricing_workers() is
'The registered workers and the provider syncs that each of them runs: the rows of pricing_workers.';
