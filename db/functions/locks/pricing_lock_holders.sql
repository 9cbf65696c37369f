-- Only who waits can be asked about (pg_blocking_pids), and who has just given up does not wait. But a locked row names
-- the transaction that has it, as xmax, and that transaction its session. Where it names a subtransaction that has ended
-- since, or there is no such row yet, it is likely the oldest of those that have locked rows of the table.
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
        -- Several transactions that share a row are named by one number.
        v_xids := v_xids || array(select m.xid from pg_catalog.pg_get_multixact_members(p_xmax) m);
    exception
        when transaction_rollback then
            raise;
        -- Mostly it is no such number.
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
        return 'a session that has let go since';
    end if;
    return (
        select string_agg(
            case
                when v.pid is null then 'a prepared transaction (select * from pg_prepared_xacts)'
                else concat(
                    'pid ', v.pid,
                    -- Without the rights of that role a session's state and times are not to be seen.
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
'Who has locked the row of this table whose xmax that is: pid, login, application, as far as the database tells.';
