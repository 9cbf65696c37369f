-- Roles belong to the whole server, so every replay checks them. A user without CREATEROLE goes on without them: `migrate`
-- prints the statements for a superuser.
do $$
declare
    v_role text;
begin
    foreach v_role in array array[
        'pricing_owner', 'pricing_worker', 'pricing_web', 'anon', 'authenticated', 'service_role'
    ] loop
        begin
            if not exists (select from pg_catalog.pg_roles r where r.rolname = v_role) then
                execute format('create role %I nologin', v_role);
            end if;
        exception
            -- Another database of the server is being migrated at the same moment.
            when duplicate_object or unique_violation then null;
            when insufficient_privilege then
                raise notice 'role % cannot be created by %', v_role, current_user;
        end;
    end loop;

    -- The operator's user needs the owner's rights: its statements in the SQL editor are the API.
    foreach v_role in array array['pricing_owner', 'pricing_worker', 'pricing_web'] loop
        begin
            if exists (select from pg_catalog.pg_roles r where r.rolname = v_role)
                and not exists (
                    select
                    from pg_catalog.pg_auth_members m
                    join pg_catalog.pg_roles r on r.oid = m.roleid
                    where r.rolname = v_role
                        and m.member = (select u.oid from pg_catalog.pg_roles u where u.rolname = current_user)
                        -- From 16 on the membership has the inherit option; before, the member's role has.
                        and coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)
                )
            then
                if current_setting('server_version_num')::integer >= 160000 then
                    execute format('grant %I to current_user with inherit true, set true', v_role);
                else
                    execute format('grant %I to current_user', v_role);
                end if;
            end if;
        exception
            when insufficient_privilege then
                raise notice '% cannot be granted to %', v_role, current_user;
        end;
    end loop;
end;
$$;
