-- For callers that must not wait.
-- after: require_fresh_reads
create or replace function public.try_pricing_lock(p_name text)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- For the insert alone, while another session inserts the same row.
set lock_timeout = '10ms'
as $$
begin
    perform public.require_fresh_reads();
    perform from public.pricing_locks l where l.name = p_name for update skip locked;
    if found then
        return true;
    end if;
    if exists (select from public.pricing_locks l where l.name = p_name) then
        return false;
    end if;
    begin
        insert into public.pricing_locks (name) values (p_name) on conflict do nothing;
    exception
        when lock_not_available then
            return false;
    end;
    perform from public.pricing_locks l where l.name = p_name for update skip locked;
    return found;
end;
$$;

comment on function public.try_pricing_lock(text) is
'Lock this name until the end of the transaction; false when another session has it.';
