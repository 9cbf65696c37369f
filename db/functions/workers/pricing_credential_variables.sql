-- A worker asks for them, and decides by itself which of these it may use where: what a row says is not enough.
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
'The environment variables in which workers keep the credentials of providers: names only, with where each would be sent.';
