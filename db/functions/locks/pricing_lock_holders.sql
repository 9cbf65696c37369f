-- pg_blocking_pids knows the blockers of a waiting session only, and a caller that has timed out no longer waits. But xmax
-- of a locked row is the transaction that locks it, and pg_locks has the session of that. Where xmax is a subtransaction
-- that has ended, or the row does not exist yet, the oldest transaction with row locks on the table is the likely one.
create or replace function public.pricing_lock_holders(p_relation regclass, p_xmax xid)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_xids xid[] := array[p_xmax];
    v_pids integer[];
    v_is_certain boolean := true;
begin
    begin
        -- A multixact: several transactions share the row.
        v_xids := v_xids || array(select m.xid from pg_catalog.pg_get_multixact_members(p_xmax) m);
    exception
        when transaction_rollback then
            raise;
        -- Usually it is no multixact.
        when others then
            null;
    end;
    select array_agg(distinct l.pid) into v_pids
    from pg_catalog.pg_locks l
    where l.locktype = 'transactionid' and l.granted and l.mode = 'ExclusiveLock' and l.transactionid = any (v_xids)
        and l.pid is distinct from pg_catalog.pg_backend_pid();

    if v_pids is null then
        v_is_certain := false;
        select array[t.pid] into v_pids
        from pg_catalog.pg_locks t
        where t.locktype = 'transactionid' and t.granted and t.mode = 'ExclusiveLock'
            and t.pid <> pg_catalog.pg_backend_pid()
            and exists (
                select
                from pg_catalog.pg_locks r
                where r.pid = t.pid and r.granted and r.locktype = 'relation' and r.relation = p_relation
                    and r.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
                    and r.mode <> 'AccessShareLock'
            )
        order by pg_catalog.age(t.transactionid) desc
        limit 1;
    end if;
    if v_pids is null then
        return 'a session that has released the lock since';
    end if;
    return (
        select string_agg(
            case
                when v.pid is null then 'a prepared transaction (select * from pg_prepared_xacts)'
                else concat(
                    'pid ', v.pid,
                    -- Postgres hides state and times of sessions whose role the owner is no member of.
                    ' (' || nullif(concat_ws(', ',
                        case when not v_is_certain then 'probably' end,
                        'login ' || a.usename,
                        'application ' || nullif(left(a.application_name, 60), ''),
                        a.state,
                        'its transaction open for ' || round(extract(epoch from clock_timestamp() - a.xact_start)) || ' s'
                    ), '') || ')'
                )
            end,
            ' and ' order by v.pid
        )
        from unnest(v_pids) as v (pid)
        left join pg_catalog.pg_stat_activity a on a.pid = v.pid
    );
end;
$$;

comment on function public.pricing_lock_holders(regclass, xid) is
'The sessions that lock the row with this xmax in this table: pid, login, application, state, as far as Postgres shows them.';
