-- Reads for the view pricing_sync_lock. Definer, because its readers have no right on the engine's tables.
create or replace function public.running_sync_locks()
returns table (
    lock_key text, locked_at timestamptz, locked_by text, expires_at timestamptz, job_id uuid, queue_job_id bigint
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select
        q.lock,
        l.sync_started_at,
        coalesce('worker ' || q.worker_id, 'a lost worker'),
        coalesce(w.last_heartbeat + s.lease, l.sync_started_at, '-infinity'),
        (q.args ->> 'job_id')::uuid,
        q.id
    from procrastinate.procrastinate_jobs q
    cross join public.pricing_settings s
    left join public.pricing_worker_heartbeats w on w.worker_id = q.worker_id
    left join public.pricing_sync_log l on l.queue_job_id = q.id and l.attempt = q.attempts + 1
    where q.status = 'doing' and q.task_name = 'sync_provider';
$$;

comment on function public.running_sync_locks() is 'One row per running provider sync: its lock, since when, by which worker, and when the lease ends.';
