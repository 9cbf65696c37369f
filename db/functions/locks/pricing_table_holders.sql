-- The worker skips locked rows, but a locked table blocks every statement on it. So does a session that waits to lock
-- it: later statements queue behind that one.
create or replace function public.pricing_table_holders()
returns text
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
    select string_agg(
        format(
            case when l.granted then 'the table %s is locked by pid %s%s%s'
                else 'to lock the table %s waits pid %s%s%s' end,
            c.relname,
            l.pid,
            ' (' || nullif(concat_ws(', ',
                'login ' || a.usename,
                'application ' || nullif(left(a.application_name, 60), ''),
                a.state
            ), '') || ')',
            case when not l.granted then
                ', for pid ' || array_to_string(pg_catalog.pg_blocking_pids(l.pid), ', pid ')
            end
        ),
        ' and ' order by c.relname, l.pid
    )
    from pg_catalog.pg_locks l
    join pg_catalog.pg_class c on c.oid = l.relation
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'relation'
        and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
        and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        and c.relkind = 'r'
        and n.nspname in ('public', 'procrastinate')
        and c.relowner = (
            select o.relowner from pg_catalog.pg_class o where o.oid = 'public.pricing_sync_jobs'::regclass
        );
$$;

comment on function public.pricing_table_holders() is
'The sessions that lock whole tables of pricing-sync, or wait to, and which tables; null when there are none.';
