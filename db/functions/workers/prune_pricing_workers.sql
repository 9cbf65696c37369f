-- A worker forgets dead ones before it registers. The engine's own statement for it waits for whoever holds such a
-- worker, or a queue row that names it: while somebody's transaction is left open, no new worker would start. What is
-- held stays; the next worker that starts comes by it again.
create or replace function public.prune_pricing_workers(lease_seconds double precision)
returns setof bigint
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    with dead as materialized (
        select w.id
        from procrastinate.procrastinate_workers w
        -- Never before the lease is over: to be lost three times ends a sync.
        where w.last_heartbeat < clock_timestamp() - greatest(
            make_interval(secs => prune_pricing_workers.lease_seconds), (select s.lease from public.pricing_settings s)
        )
        for update skip locked
    ),
    -- Their worker is set null with it.
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
'Forget the workers without a heartbeat for this many seconds, and for the lease at least, except those that somebody holds; returns their numbers.';
