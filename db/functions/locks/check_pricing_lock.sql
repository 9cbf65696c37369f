-- A task of another kind with a provider's lock would block that provider's syncs, and no view or clean-up shows it.
create or replace function public.check_pricing_lock()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'The lock % is for provider syncs only', quote_literal(left(new.lock, 60))
        using errcode = 'PT422', hint = 'Take a lock whose name does not begin with pricing_sync:.';
end;
$$;

comment on function public.check_pricing_lock() is 'Trigger: refuse with PT422 a task of another kind that has a provider''s lock.';
