-- For triggers, which have no parameter for the caller, and where current_user is the owner of the definer.
create or replace function public.pricing_who()
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(nullif(current_setting('role', true), 'none'), session_user::text);
$$;

comment on function public.pricing_who() is 'The role that the session acts as (set role), or its login.';
