-- after: pricing_lock_holders
create or replace function public.raise_lock_not_available(p_what text, p_relation regclass, p_xmax xid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'The % are locked by %', p_what, public.pricing_lock_holders(p_relation, p_xmax)
        using errcode = 'lock_not_available',
            hint = 'Nothing was written; try again. select pg_terminate_backend(<pid>) ends that session.';
end;
$$;

comment on function public.raise_lock_not_available(text, regclass, xid) is
'Fail with 55P03 and name the session that locks the row with this xmax in this table.';
