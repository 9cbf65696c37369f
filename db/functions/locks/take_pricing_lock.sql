-- after: pricing_lock_holders, require_fresh_reads, wait_for_locks_until
create or replace function public.take_pricing_lock(p_name text, p_until timestamptz)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- Set anew before each wait, and as it was again at the end.
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
            raise exception 'The % are held by %',
                    p_name, public.pricing_lock_holders('public.pricing_locks'::regclass, v_xmax)
                using errcode = 'lock_not_available',
                    hint = 'Nothing was written; try again. select pg_terminate_backend(<pid>) ends that session.';
        end if;
        begin
            perform public.wait_for_locks_until(p_until);
            if exists (select from public.pricing_locks l where l.name = p_name) then
                perform from public.pricing_locks l where l.name = p_name for update;
                -- Let go, and taken again above: what a subtransaction has locked tells nobody who has it.
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
'Hold the lock of this name until the end of the transaction; an error that says who has it when it cannot be had until this time.';
