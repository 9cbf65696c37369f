-- A lock is of use only to a caller that then reads what others committed before. REPEATABLE READ and SERIALIZABLE read
-- the snapshot of their first statement: the caller would wait for the lock and then decide by outdated rows.
create or replace function public.require_fresh_reads()
returns void
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
        raise exception 'This cannot be done in a transaction of isolation level %', current_setting('transaction_isolation')
            using errcode = 'PT422',
                hint = 'Nothing was changed. begin isolation level read committed; or set default_transaction_isolation = ''read committed''.';
    end if;
end;
$$;

comment on function public.require_fresh_reads() is
'Refuse with PT422 a transaction of REPEATABLE READ or SERIALIZABLE: it would not see what was committed before it took a lock.';
