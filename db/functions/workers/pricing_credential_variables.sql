-- A worker decides itself which of these variables it may send where: a provider row alone does not allow it.
create or replace function public.pricing_credential_variables()
returns table (provider text, adapter text, base_url text, variable text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select p.slug, p.adapter, p.base_url, p.credential_variable
    from public.pricing_providers p
    where p.credential_variable is not null
    order by p.slug;
$$;

comment on function public.pricing_credential_variables() is
'Names of the environment variables with the providers'' credentials, and the address that each would be sent to.';
