-- Who holds a lock reads what those before it wrote. In a transaction of REPEATABLE READ or SERIALIZABLE every statement
-- reads what was there at its first: a lock keeps such a one waiting, and then it decides by what is no longer so.
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
'PT422 in a transaction whose statements would not see what was committed before they took a lock.';
