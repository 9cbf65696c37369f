-- The engine names its tables without a schema; pinned like this its functions work from any search_path,
-- also from ours, which does not name their schema.
do $$
declare
    v_function regprocedure;
begin
    for v_function in
        select p.oid
        from pg_catalog.pg_proc p
        where p.pronamespace = 'procrastinate'::regnamespace
            -- One that somebody else has put there is not ours to change.
            and pg_catalog.pg_has_role(current_user, p.proowner, 'usage')
    loop
        execute format('alter function %s set search_path = procrastinate, pg_temp', v_function);
    end loop;
end;
$$;
