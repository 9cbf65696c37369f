-- fetch_queue_rows skips locked rows silently; a worker whose fetch came back empty calls this to say why. It takes no
-- lock, so that no fetch skips a row because of it. One index probe per provider.
-- after: pricing_is_open_transaction, pricing_lock_holders
create or replace function public.pricing_locked_syncs()
returns table (providers text[], transaction_id text, holder text)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
-- As in fetch_queue_rows.
set enable_seqscan = off
-- The scan of the few providers gets a huge cost estimate by that, which would trigger JIT: 0.5 s.
set jit = off
-- For a locked table.
set lock_timeout = '1s'
as $$
begin
    return query
    with first_of_lock as (
        select p.slug, f.id, f.row_xmax, f.job_id, p.xmax as provider_xmax, f.attempts
        from public.pricing_providers p
        cross join lateral (
            select q.id, q.xmax as row_xmax, q.status, q.attempts, (q.args ->> 'job_id')::uuid as job_id
            from procrastinate.procrastinate_jobs q
            where q.lock = 'pricing_sync:' || p.slug and q.status in ('todo', 'doing')
            order by q.lock, q.priority desc, q.id
            limit 1
        ) as f
        where f.status = 'todo'
            and not exists (
                select
                from procrastinate.procrastinate_jobs q
                where q.lock = 'pricing_sync:' || p.slug and q.status = 'doing'
            )
    ),
    -- Rows that wait until the locks that stopped their last attempt are free.
    repeated as (
        select f.*
        from first_of_lock f
        -- A subquery per row: a join would read all attempts; likewise all jobs below.
        where 'locked' = (
            select l.error_kind from public.pricing_sync_log l where l.queue_job_id = f.id and l.attempt = f.attempts
        )
    ),
    needed as materialized (
        select f.slug, 'queue row' as name, 'procrastinate.procrastinate_jobs'::regclass as relation, f.row_xmax::text as holder_xid
        from first_of_lock f
        union all
        select
            f.slug,
            'job',
            'public.pricing_sync_jobs'::regclass,
            (select j.xmax::text from public.pricing_sync_jobs j where j.job_id = f.job_id)
        from first_of_lock f
        union all
        select f.slug, 'provider row', 'public.pricing_providers'::regclass, f.provider_xmax::text
        from repeated f
        union all
        select f.slug, l.name, 'public.pricing_locks'::regclass, l.xmax::text
        from repeated f
        join public.pricing_locks l
            on l.name = 'prices of ' || f.slug or (f.slug = 'catalogue' and l.name like 'prices of %')
    ),
    locked_rows as (
        select array_agg(distinct n.slug order by n.slug) as slugs, n.name, n.relation, n.holder_xid
        from needed n
        where n.holder_xid is not null and public.pricing_is_open_transaction(n.holder_xid::xid)
        group by n.name, n.relation, n.holder_xid
    )
    select
        h.slugs,
        h.holder_xid,
        format('the %s is locked by %s', h.name, public.pricing_lock_holders(h.relation, h.holder_xid::xid))
    from locked_rows h
    order by h.slugs, h.name
    limit 10;
exception
    -- The fetch that waits for the table names the session.
    when lock_not_available then
        return;
end;
$$;

comment on function public.pricing_locked_syncs() is
'Provider syncs that cannot be fetched because a session locks their rows: one row per transaction and kind of row, with the session, as far as Postgres shows it; 10 at most.';
