-- GRANT and REVOKE lock no table, so a change of the setting waits for no sync and no reader.
-- after: pricing_access_differences
create or replace function public.follow_api_readers()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_statement text;
begin
    -- Rights to revoke, then, asked anew, rights to grant: a table's SELECT takes those on its columns along.
    for v_step in 4 .. 5 loop
        for v_statement in
            select d.statement from public.pricing_access_differences() d where d.step = v_step and d.is_ours
        loop
            execute v_statement;
        end loop;
    end loop;
    return null;
end;
$$;

comment on function public.follow_api_readers() is
'Trigger: give the roles in pricing_settings.api_readers their rights, and take those of the others.';
