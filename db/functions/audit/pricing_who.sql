-- Triggers have no parameter that tells the caller, and inside a definer current_user is the owner.
create or replace function public.pricing_who()
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(nullif(current_setting('role', true), 'none'), session_user::text);
$$;

comment on function public.pricing_who() is 'The role that a person or process acts as, seen from inside a trigger.';
