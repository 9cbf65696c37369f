-- fetch_queue_row passes over what somebody holds, and says nothing. A worker whose fetch came back empty asks here why.
-- Nothing is locked, so no fetch passes over a row because of this. One index probe for each provider.
-- after: pricing_is_open_transaction, pricing_lock_holders
create or replace function public.pricing_locked_syncs()
returns table (providers text[], transaction_id text, holder text)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
-- As for fetch_queue_row: most rows are finished ones.
set enable_seqscan = off
-- The few providers are read whole all the same, which then looks dear enough for compiling: 0.5 s.
set jit = off
-- For a table that somebody has.
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
    -- What waits until nobody has what its last attempt could not write.
    repeated as (
        select f.*
        from first_of_lock f
        -- A subquery for each, never a join that reads all attempts, or all jobs below.
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
        format('the %s is held by %s', h.name, public.pricing_lock_holders(h.relation, h.holder_xid::xid))
    from locked_rows h
    order by h.slugs, h.name
    limit 10;
exception
    -- Its holder is named by the fetch that waits for it.
    when lock_not_available then
        return;
end;
$$;

comment on function public.pricing_locked_syncs() is
'Provider syncs that could be fetched if nobody held their rows: one row for each transaction and kind of row, with the session that has it, as far as the database tells; 10 at most.';
