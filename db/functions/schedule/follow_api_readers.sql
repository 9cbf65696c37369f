-- GRANT waits for no session; a policy needs the tables for itself. It asks for all of them at once and lets go of them
-- again, so that no reader waits long and no sync is part of a deadlock (Postgres looks for one after a second).
-- after: pricing_access_differences
create or replace function public.follow_api_readers()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
declare
    v_until constant timestamptz := clock_timestamp() + interval '4 seconds';
    v_statements text[];
    v_tables text;
begin
    -- Rights to revoke; then, asked anew, because a table's SELECT takes those on its columns along, rights to grant; then
    -- policies.
    for v_step in 4 .. 6 loop
        select
            array_agg(d.statement),
            string_agg(distinct substr(d.object, 7), ', ') filter (where d.object like 'table %' and v_step = 6)
        into v_statements, v_tables
        from public.pricing_access_differences() d
        where d.step = v_step and d.is_ours;
        loop
            exit when v_tables is null;
            begin
                execute format('lock table %s in access exclusive mode', v_tables);
                exit;
            exception
                when lock_not_available then
                    if clock_timestamp() > v_until then
                        raise exception 'api_readers is not changed: another session uses the prices all the time'
                            using errcode = 'lock_not_available',
                                hint = 'Try again; pricing-sync doctor names transactions that were left open.';
                    end if;
            end;
            perform pg_sleep(0.05);
        end loop;
        for i in 1 .. coalesce(cardinality(v_statements), 0) loop
            execute v_statements[i];
        end loop;
    end loop;
    return null;
end;
$$;

comment on function public.follow_api_readers() is
'Trigger: give the roles in pricing_settings.api_readers their rights and policies, and take those of the others; 55P03 where other sessions keep the tables locked for 4 seconds.';
