-- The engine's functions name its tables without a schema. With a pinned search_path they work from any session, also from
-- our functions, whose search_path does not contain that schema.
do $$
declare
    v_function regprocedure;
begin
    for v_function in
        select p.oid
        from pg_catalog.pg_proc p
        where p.pronamespace = 'procrastinate'::regnamespace
            -- Not functions of other owners in that schema.
            and pg_catalog.pg_has_role(current_user, p.proowner, 'usage')
    loop
        execute format('alter function %s set search_path = procrastinate, pg_temp', v_function);
    end loop;
end;
$$;
