-- pricing_access_differences calls it, also where the setting or its table is lost: then it names no role, and the comparison
-- goes on.
create or replace function public.pricing_api_readers()
returns text[]
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce((select s.api_readers from public.pricing_settings s), '{}'::text[]);
exception
    when undefined_table or undefined_column then
        return '{}'::text[];
end;
$$;

comment on function public.pricing_api_readers() is
'The roles that pricing_settings.api_readers names.';
