-- A restore of data only, into a database that has been used, inserts lock rows that exist already.
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
'Trigger: skip the insert of a lock row that exists.';
