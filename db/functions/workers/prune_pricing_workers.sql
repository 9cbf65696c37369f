-- A starting worker deletes dead workers before it registers. The engine's own statement for that waits while a session
-- locks such a worker, or a queue row that names it, so an open transaction would keep new workers from starting. This one
-- skips them; the next worker that starts tries again.
create or replace function public.prune_pricing_workers(lease_seconds double precision)
returns setof bigint
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    with dead as materialized (
        select w.id
        from procrastinate.procrastinate_workers w
        -- Never within the lease: a sync fails when its worker is lost max_attempts times.
        where w.last_heartbeat < clock_timestamp() - greatest(
            make_interval(secs => prune_pricing_workers.lease_seconds), (select s.lease from public.pricing_settings s)
        )
        for update skip locked
    ),
    -- Their foreign key to the worker is set null.
    named as materialized (
        select q.id, q.worker_id
        from procrastinate.procrastinate_jobs q
        where q.worker_id in (select d.id from dead d)
        for update skip locked
    )
    delete from procrastinate.procrastinate_workers w
    using dead d
    where w.id = d.id
        and not exists (
            select
            from procrastinate.procrastinate_jobs q
            where q.worker_id = d.id and q.id not in (select n.id from named n)
        )
    returning w.id;
$$;

comment on function public.prune_pricing_workers(double precision) is
'Delete the workers without a heartbeat for this many seconds, at least the lease, except locked ones; returns their ids.';
