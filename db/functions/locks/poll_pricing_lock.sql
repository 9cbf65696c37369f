-- For a trigger, whose statement has locked rows already: who waits for those may have this lock, and Postgres would see a
-- deadlock. Nothing that is asked again and again is part of one, and the caller gives up before the others do.
-- after: raise_lock_not_available, try_pricing_lock
create or replace function public.poll_pricing_lock(p_name text, p_until timestamptz)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_xmax xid;
begin
    while not public.try_pricing_lock(p_name) loop
        if clock_timestamp() >= p_until then
            select l.xmax into v_xmax from public.pricing_locks l where l.name = p_name;
            perform public.raise_lock_not_available(p_name, 'public.pricing_locks'::regclass, v_xmax);
        end if;
        perform pg_sleep(0.02);
    end loop;
end;
$$;

comment on function public.poll_pricing_lock(text, timestamptz) is
'Lock this name until the end of the transaction, without a wait that could be a part of a deadlock; at p_until fail with an error that names the session that has it.';
