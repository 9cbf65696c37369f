-- A worker asks for the names, so that it tells of no other variable that it has.
create or replace function public.pricing_credential_variables()
returns setof text
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select distinct p.credential_variable
    from public.pricing_providers p
    where p.credential_variable is not null
    order by p.credential_variable;
$$;

comment on function public.pricing_credential_variables() is
'The names of the environment variables in which workers keep the credentials of providers.';
