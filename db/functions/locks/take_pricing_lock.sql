-- after: raise_lock_not_available, require_fresh_reads, wait_for_locks_until
create or replace function public.take_pricing_lock(p_name text, p_until timestamptz)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- wait_for_locks_until sets it before each wait; the caller's value returns at the end.
set lock_timeout = '5s'
as $$
declare
    v_xmax xid;
begin
    perform public.require_fresh_reads();
    loop
        perform from public.pricing_locks l where l.name = p_name for update skip locked;
        if found then
            return;
        end if;
        if clock_timestamp() >= p_until then
            select l.xmax into v_xmax from public.pricing_locks l where l.name = p_name;
            perform public.raise_lock_not_available(p_name, 'public.pricing_locks'::regclass, v_xmax);
        end if;
        begin
            perform public.wait_for_locks_until(p_until);
            if exists (select from public.pricing_locks l where l.name = p_name) then
                perform from public.pricing_locks l where l.name = p_name for update;
                -- Release it and lock it again above: the xmax of a subtransaction does not lead to a session.
                raise no_data_found;
            end if;
            insert into public.pricing_locks (name) values (p_name) on conflict do nothing;
        exception
            when lock_not_available or no_data_found then
                null;
        end;
    end loop;
end;
$$;

comment on function public.take_pricing_lock(text, timestamptz) is
'Lock this name until the end of the transaction; at p_until fail with an error that names the session that has it.';
