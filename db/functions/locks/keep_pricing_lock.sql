-- A restore of rows alone, into a database in which something has run, brings locks that are there already.
create or replace function public.keep_pricing_lock()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return case when not exists (select from public.pricing_locks l where l.name = new.name) then new end;
end;
$$;

comment on function public.keep_pricing_lock() is
'Trigger: a lock that is there is not made again, and that is no error.';
