-- Compares owners, rights, row level security and roles with the release. db/access.sql runs the statements where is_ours;
-- `migrate` and `pricing-sync doctor` show the rest. Rights that the operator gave its own roles do not count.
-- Steps are run in order, because the rights of an object depend on its owner. `migrate` and the doctor list the engine's
-- objects in the setting pricing.engine, from the installed package; without it, as in the SQL editor, the engine's objects
-- are those that the owner has. No foreign function becomes the owner's for being in one of the schemas.
-- after: pricing_api_readers, pricing_rights
create or replace function public.pricing_access_differences()
returns table (step integer, object text, found text, statement text, is_ours boolean)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
-- Names are compared as text, without quotes.
set quote_all_identifiers = off
as $$
    with role as materialized (
        select
            r.*,
            r.rolname::text as name,
            quote_ident(r.rolname) as quoted,
            r.rolname in ('pricing_owner', 'pricing_web', 'pricing_worker') as is_ours,
            -- The roles of Supabase's API, two of them open to everyone.
            r.rolname in ('anon', 'authenticated', 'service_role') as is_api
        from pg_roles r
    ),
    engine as materialized (
        select
            nullif(current_setting('pricing.engine', true), '')::jsonb as known,
            (select c.relowner from pg_class c where c.oid = to_regclass('public.pricing_schema_ledger')) as owner
    ),
    -- Empty where the login is no member of it: a login without CREATEROLE owns everything itself.
    owner as materialized (
        select r.* from role r where r.name = 'pricing_owner' and pg_has_role(current_user, r.oid, 'member')
    ),
    self as materialized (
        select r.* from role r where r.name = current_user
    ),
    membership as materialized (
        select
            m.roleid,
            m.member,
            string_agg(
                format('revoke %s from %s', r.quoted, u.quoted) || case
                    -- From 16 on there is one membership per grantor; cascade revokes what was granted through it.
                    when current_setting('server_version_num')::integer >= 160000
                        then format(' granted by %I cascade', pg_get_userbyid(m.grantor))
                    else ''
                end,
                '; '
                order by m.grantor
            ) as revoke,
            bool_and(
                current_setting('server_version_num')::integer < 160000 or pg_has_role(m.grantor, 'usage')
            ) as is_revocable
        from pg_auth_members m
        join role r on r.oid = m.roleid
        join role u on u.oid = m.member
        group by m.roleid, m.member
    ),
    -- Rights that depend on a setting count where it names the role.
    released as materialized (
        select w.*
        from public.pricing_rights w
        where w.setting is null or w.role = any (public.pricing_api_readers())
    ),
    wanted_relation as materialized (
        select to_regclass(format('public.%I', w.object)) as oid, array_agg(w.role) as roles
        from released w
        where w.kind = 'relation'
        group by w.object
    ),
    relation as materialized (
        select c.*, n.nspname, w.roles, format('%I.%I', n.nspname, c.relname) as name
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        cross join engine e
        left join wanted_relation w on w.oid = c.oid
        where w.oid is not null
            or (
                n.nspname = 'procrastinate'
                and c.relkind in ('r', 'p', 'v', 'm', 'S')
                and case
                    when e.known is null then c.relowner = e.owner
                    -- A sequence that its column no longer owns is recognised by its name.
                    else e.known -> 'relations' ? c.relname
                        or c.relkind = 'S' and e.known -> 'relations' ? regexp_replace(c.relname, '_id_seq$', '')
                end
            )
    ),
    owned_sequence as materialized (
        select c.oid, c.relowner, c.relacl, format('%I.%I', n.nspname, c.relname) as name
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        join pg_depend d
            on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
            and d.deptype in ('a', 'i')
        join relation r on r.oid = d.refobjid
        where c.relkind = 'S'
    ),
    routine as materialized (
        select p.*, p.oid::regprocedure::text as name, w.roles,
            p.pronamespace is not distinct from to_regnamespace('procrastinate') as is_engine
        from pg_proc p
        cross join engine e
        left join (
            select w.object, array_agg(w.role) as roles
            from released w
            where w.kind = 'function'
            group by w.object
        ) as w on w.object = p.proname and p.pronamespace = to_regnamespace('public')
        where case
            -- Of several functions with one name the owner's are ours.
            when w.object is not null then p.proowner = e.owner or not exists (
                select
                from pg_proc o
                where o.pronamespace = p.pronamespace and o.proname = p.proname and o.proowner = e.owner
            )
            when p.pronamespace is distinct from to_regnamespace('procrastinate') then false
            when e.known is null then p.proowner = e.owner
            -- By name, parameters and text together: a foreign function may share any of them.
            else exists (
                select
                from jsonb_to_recordset(e.known -> 'functions' -> p.proname) as f (text text, types text[])
                where f.text = md5(regexp_replace(p.prosrc, '[[:space:]]+', '', 'g'))
                    and p.proargtypes::text = array_to_string(
                        array(
                            select to_regtype(t.name)::oid
                            from unnest(f.types) with ordinality as t (name, position)
                            order by t.position
                        ),
                        ' ', '?'
                    )
            )
        end
    ),
    -- The objects with rights. word: their kind in GRANT; worker: the worker's rights in the engine's schema.
    object as materialized (
        select
            'table' as word,
            case r.relkind when 'v' then 'view' else 'table' end as kind,
            r.name,
            r.relowner as owner,
            r.relacl as acl,
            'r'::"char" as type,
            r.roles,
            array['SELECT'] as privileges,
            case when r.nspname = 'procrastinate' then array['SELECT', 'INSERT', 'UPDATE', 'DELETE'] end as worker,
            false as follows
        from relation r
        where r.relkind <> 'S'
        union all
        select
            'sequence', 'sequence', s.name, s.relowner, s.relacl, 's', null, null,
            case when s.name like 'procrastinate.%' then array['USAGE', 'SELECT'] end,
            -- Its owner follows that of the table.
            true
        from owned_sequence s
        union all
        select
            'sequence', 'sequence', r.name, r.relowner, r.relacl, 's', null, null,
            case when r.nspname = 'procrastinate' then array['USAGE', 'SELECT'] end,
            false
        from relation r
        where r.relkind = 'S' and not exists (select from owned_sequence s where s.oid = r.oid)
        union all
        select
            'routine', 'function', p.name, p.proowner, p.proacl, 'f', p.roles, array['EXECUTE'],
            case when p.is_engine then array['EXECUTE'] end,
            false
        from routine p
        union all
        select 'schema', 'schema', 'procrastinate', n.nspowner, n.nspacl, 'n', null, null, array['USAGE'], false
        from pg_namespace n
        where n.nspname = 'procrastinate'
        union all
        select 'type', 'type', t.oid::regtype::text, t.typowner, null, 'T', null, null, null, false
        from pg_type t
        cross join engine e
        left join pg_class c on c.oid = t.typrelid
        where t.oid in (
                to_regtype('public.pricing_usd'),
                to_regtype('public.pricing_prices'),
                to_regtype('public.pricing_change')
            )
            or (
                t.typnamespace = to_regnamespace('procrastinate')
                and t.typtype in ('e', 'd', 'c')
                and (c.oid is null or c.relkind = 'c')
                and case when e.known is null then t.typowner = e.owner else e.known -> 'types' ? t.typname end
            )
    ),
    given as materialized (
        select
            o.word,
            o.kind,
            o.name,
            o.owner,
            g.grantor,
            g.grantee,
            g.privilege_type as privilege,
            bool_or(g.is_grantable and g.grantee <> o.owner) as is_grantable
        from object o
        cross join lateral aclexplode(coalesce(o.acl, acldefault(o.type, o.owner))) as g
        where o.word <> 'type'
        group by o.word, o.kind, o.name, o.owner, g.grantor, g.grantee, g.privilege_type
    ),
    wanted as materialized (
        select o.word, o.kind, o.name, o.owner, r.oid as grantee, r.quoted, p.privilege
        from object o
        cross join lateral (
            select w.role, unnest(o.privileges) as privilege from unnest(o.roles) as w (role)
            union all
            select 'pricing_worker', unnest(o.worker)
        ) as p (role, privilege)
        join role r on r.name = p.role
        union all
        -- The owner's functions fail without the owner's own rights.
        select o.word, o.kind, o.name, o.owner, o.owner, r.quoted, g.privilege_type
        from object o
        cross join lateral aclexplode(acldefault(o.type, o.owner)) as g
        join role r on r.oid = o.owner
        where g.grantee = o.owner and o.word <> 'type'
    ),
    grantee as materialized (
        select r.oid, r.quoted, r.name, r.is_ours or r.is_api as is_ours from role r
        union all
        select 0::oid, 'public', 'PUBLIC', true
    ),
    wanted_column as materialized (
        select r.oid as table_oid, r.name as table_name, a.attname, g.oid as grantee, g.name as role, g.quoted
        from released w
        join relation r on r.oid = to_regclass('public.' || split_part(w.object, '.', 1))
        join pg_attribute a
            on a.attrelid = r.oid and a.attname = split_part(w.object, '.', 2) and not a.attisdropped
        join grantee g on g.name = w.role
        where w.kind = 'column'
    ),
    policy as materialized (
        select
            r.oid as table_oid,
            r.name as table_name,
            p.polname,
            p.polpermissive and p.polcmd = 'r' and p.polwithcheck is null as is_read,
            -- Postgres adds spaces, lines and parentheses.
            regexp_replace(lower(pg_get_expr(p.polqual, p.polrelid)), '[()[:space:]]', '', 'g') as condition,
            array(
                select coalesce(g.name, 'a role that is gone')
                from unnest(p.polroles) as g0 (oid)
                left join grantee g on g.oid = g0.oid
                order by 1
            ) as roles,
            exists (select from grantee g where g.oid = any (p.polroles) and g.is_ours) as is_ours
        from pg_policy p
        join relation r on r.oid = p.polrelid
    ),
    secured as materialized (
        select
            r.oid,
            r.name,
            -- Not for the engine's tables, on which the worker has all rights.
            r.nspname = 'public' as is_wanted,
            r.relrowsecurity,
            r.relforcerowsecurity,
            array(
                select g.name
                from grantee g
                where g.name = any (r.roles)
                order by 1
            ) as readers
        from relation r
        where r.relkind in ('r', 'p')
    ),
    -- The API's roles have policies only while the setting names them, so that a grant on all tables of the schema, as many
    -- instructions have it, opens no row of ours. A policy that asks the setting would cost a reader its plan.
    wanted_policy as materialized (
        select
            t.oid as table_oid,
            t.name as table_name,
            w.polname,
            w.creation,
            w.condition,
            w.roles,
            regexp_replace(w.condition, '[()[:space:]]', '', 'g') as compared
        from secured t
        cross join lateral (
            values
                ('pricing_read', 'create policy pricing_read', 'true', t.readers),
                (
                    'pricing_read_api',
                    'create policy pricing_read_api',
                    case t.name when 'public.pricing_held_changes' then 'status = ''held''::text' else 'true' end,
                    array(
                        select distinct c.role from wanted_column c where c.table_oid = t.oid and t.is_wanted order by 1
                    )
                )
        ) as w (polname, creation, condition, roles)
    )
    -- Settings that would switch off our check_* triggers in every session.
    select
        1,
        case
            when s.setrole = 0 and s.setdatabase = 0 then 'every role'
            when s.setrole = 0 then 'database ' || current_database()
            else 'role ' || pg_get_userbyid(s.setrole)
        end,
        'sets ' || c.setting || ' for every session',
        format(
            'alter %s reset %s',
            case
                when s.setrole = 0 and s.setdatabase = 0 then 'role all'
                when s.setrole = 0 then 'database ' || quote_ident(current_database())
                else 'role ' || quote_ident(pg_get_userbyid(s.setrole))
                    || case when s.setdatabase <> 0 then ' in database ' || quote_ident(current_database()) else '' end
            end,
            split_part(c.setting, '=', 1)
        ),
        false
    from pg_db_role_setting s
    cross join lateral unnest(s.setconfig) as c (setting)
    left join role r on r.oid = s.setrole
    where c.setting like 'pricing.%'
        and not coalesce(r.is_ours, false)
        and s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
    union all
    -- Foreign objects in the engine's schema.
    select
        1,
        'function ' || p.oid::regprocedure,
        'is none of ours',
        'drop routine ' || p.oid::regprocedure,
        false
    from pg_proc p
    cross join engine e
    where p.pronamespace = to_regnamespace('procrastinate') and not e.known -> 'functions' ? p.proname
    union all
    select
        1,
        case c.relkind when 'v' then 'view' when 'S' then 'sequence' when 'm' then 'materialized view' else 'table' end
            || format(' procrastinate.%I', c.relname),
        'is none of ours',
        case c.relkind
            when 'v' then 'drop view' when 'S' then 'drop sequence' when 'm' then 'drop materialized view' else 'drop table'
        end || format(' procrastinate.%I', c.relname),
        false
    from pg_class c
    cross join engine e
    where c.relnamespace = to_regnamespace('procrastinate')
        and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and not e.known -> 'relations' ? c.relname
        and not exists (select from relation r where r.oid = c.oid)
        and not exists (
            select
            from pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')
        )
    union all
    -- Objects of the owner that are not in the release: they run or read with the owner's rights.
    select
        1,
        'function ' || p.oid::regprocedure,
        'belongs to ' || w.name || ', and is none of ours',
        'drop routine ' || p.oid::regprocedure,
        false
    from owner w
    join pg_proc p on p.proowner = w.oid
    where not exists (select from routine r where r.oid = p.oid)
        and not exists (
            -- Reported above, or by the comparison of the engine's functions.
            select from pg_namespace n where n.oid = p.pronamespace and n.nspname = 'procrastinate'
        )
        -- With the name of one of ours: the comparison of definitions reports it.
        and not exists (
            select
            from public.pricing_rights r
            where r.kind = 'function' and r.object = p.proname and p.pronamespace = to_regnamespace('public')
        )
    union all
    select
        1,
        'relation ' || c.oid::regclass,
        'belongs to ' || w.name || ', and is none of ours',
        null,
        false
    from owner w
    join pg_class c on c.relowner = w.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname <> 'procrastinate'
        and not exists (select from relation r where r.oid = c.oid)
        and pg_my_temp_schema() <> c.relnamespace
        -- The schema of that comparison, which is rolled back.
        and not starts_with(n.nspname, 'pricing_release_')
    union all
    -- Whatever the options of the membership: a role that may set the owner's role, or grant it to itself, has its rights.
    -- The login of `migrate` must be a member of all three roles, so no statement revokes that.
    select
        1,
        'role ' || member.name,
        'is a member of ' || r.name || ': it may do everything here',
        case when p.is_process then m.revoke end,
        false
    from membership m
    join role r on r.oid = m.roleid and r.name = 'pricing_owner'
    join role member on member.oid = m.member
    cross join lateral (
        select count(*) filter (where o.is_ours and o.name <> r.name) = 1
            or count(*) filter (where o.is_ours and o.name <> r.name) = 0 and count(*) filter (where o.is_api) > 0
        from role o
        where (o.is_ours or o.is_api) and pg_has_role(member.oid, o.oid, 'member')
    ) as p (is_process)
    where not member.is_ours
        and not member.is_api
        and not member.rolsuper
        and member.name <> current_user
        and (
            p.is_process
            or member.oid <> (select d.datdba from pg_database d where d.datname = current_database())
        )
    union all
    -- Roles and memberships.
    select
        1,
        'role ' || w.name,
        'is not there',
        format('create role %I nologin', w.name),
        (select s.rolsuper or s.rolcreaterole from self s)
    from unnest(
        array['pricing_owner', 'pricing_worker', 'pricing_web', 'anon', 'authenticated', 'service_role']
    ) as w (name)
    where not exists (select from role r where r.name = w.name)
    union all
    select
        1,
        'role ' || r.name,
        concat_ws(
            ', ',
            case when r.rolcanlogin then 'may log in' end,
            case when r.rolsuper then 'is a superuser' end,
            case when r.rolbypassrls then 'bypasses row level security' end,
            case when r.rolcreaterole then 'may create roles' end,
            case when r.rolcreatedb then 'may create databases' end,
            case when r.rolreplication then 'may replicate' end
        ),
        'alter role ' || r.quoted || concat_ws(
            ' ',
            '',
            case when r.rolcanlogin then 'nologin' end,
            case when r.rolsuper then 'nosuperuser' end,
            case when r.rolbypassrls then 'nobypassrls' end,
            case when r.rolcreaterole then 'nocreaterole' end,
            case when r.rolcreatedb then 'nocreatedb' end,
            case when r.rolreplication then 'noreplication' end
        ),
        false
    from role r
    where r.is_ours
        and (
            r.rolcanlogin or r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication
        )
    union all
    select
        1,
        'role ' || r.name,
        'has settings of its own: ' || array_to_string(s.setconfig, ', '),
        format(
            'alter role %s%s reset all',
            r.quoted,
            case when s.setdatabase <> 0 then format(' in database %I', current_database()) else '' end
        ),
        false
    from role r
    join pg_db_role_setting s on s.setrole = r.oid
    where r.is_ours
        and s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
    union all
    select
        1,
        'role ' || member.name,
        'is a member of ' || r.name,
        m.revoke,
        r.is_ours and (member.is_ours or member.is_api) and m.is_revocable
            and (select s.rolsuper or pg_has_role(s.oid, r.oid, 'member with admin option') from self s)
    from membership m
    join role r on r.oid = m.roleid
    join role member on member.oid = m.member
    where (r.is_ours and member.is_api) or member.is_ours
    union all
    select
        1,
        'role ' || member.name,
        'is a member of ' || r.name || ' by way of others',
        null,
        false
    from role r
    cross join role member
    where r.is_ours
        and (member.is_ours or member.is_api)
        and member.oid <> r.oid
        and not member.rolsuper
        and pg_has_role(member.oid, r.oid, 'member')
        and not exists (select from pg_auth_members m where m.roleid = r.oid and m.member = member.oid)
    union all
    -- Rights on the operator's schema and database: those that our roles need, and those that others must not have.
    select 1, 'schema public', r.name || ' may not use it', format('grant usage on schema public to %s', r.quoted), true
    from role r
    where r.name in ('pricing_owner', 'pricing_web', 'pricing_worker', 'service_role')
        and not has_schema_privilege(r.oid, 'public', 'usage')
    union all
    select
        1,
        'schema public',
        r.name || ' may not create in it',
        format('grant create on schema public to %s', r.quoted),
        true
    from owner r
    where not has_schema_privilege(r.oid, 'public', 'create')
    union all
    select
        1,
        'database ' || current_database(),
        r.name || ' may not create in it',
        format('grant create on database %I to %s', current_database(), r.quoted),
        true
    from owner r
    -- A schema's new owner must have CREATE on the database.
    join pg_namespace n on n.nspname = 'procrastinate' and n.nspowner <> r.oid
    where not has_database_privilege(r.oid, current_database(), 'create')
    union all
    select
        1,
        'schema public',
        g.name || ' may create objects in it, which our statements could take for others',
        format('revoke create on schema public from %s', g.quoted),
        false
    from pg_namespace n
    cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
    join grantee g on g.oid = a.grantee and g.is_ours and g.name <> 'pricing_owner'
    where n.nspname = 'public' and a.privilege_type = 'CREATE' and a.grantee <> n.nspowner
    union all
    -- Owners, the schema's first: the new owner of a table must have CREATE in its schema.
    select
        case o.kind when 'schema' then 2 else 3 end,
        o.kind || ' ' || o.name,
        'belongs to ' || pg_get_userbyid(o.owner),
        format('alter %s %s owner to %s', o.kind, o.name, w.quoted),
        true
    from object o
    cross join owner w
    where o.owner <> w.oid and not o.follows
    union all
    -- Rights to revoke, then rights to grant.
    select
        4,
        g.kind || ' ' || g.name,
        format(
            '%s may %s%s',
            who.name,
            replace(lower(g.privilege), 'usage', 'use'),
            case when w.grantee is not null then ', and hand that on' else '' end
        ),
        case
            when g.grantor <> g.owner then format(
                'revoke grant option for %s on %s %s from %s cascade',
                lower(g.privilege), g.word, g.name, quote_ident(pg_get_userbyid(g.grantor))
            )
            else format(
                'revoke %s%s on %s %s from %s cascade',
                case when w.grantee is not null then 'grant option for ' else '' end,
                lower(g.privilege), g.word, g.name, who.quoted
            )
        end,
        who.is_ours
    from given g
    join grantee who on who.oid = g.grantee
    left join wanted w on w.word = g.word and w.name = g.name and w.grantee = g.grantee and w.privilege = g.privilege
    where g.grantee <> g.owner and (w.grantee is null or g.is_grantable)
    union all
    select
        4,
        'column ' || r.name || '.' || quote_ident(a.attname),
        format('%s may %s', who.name, lower(g.privilege_type)),
        format(
            'revoke %s (%I) on table %s from %s cascade',
            lower(g.privilege_type), a.attname, r.name, who.quoted
        ),
        who.is_ours
    from relation r
    join pg_attribute a on a.attrelid = r.oid and a.attacl is not null and not a.attisdropped
    cross join lateral aclexplode(a.attacl) as g
    join grantee who on who.oid = g.grantee
    left join wanted_column w on w.table_oid = r.oid and w.attname = a.attname and w.grantee = g.grantee
    where g.grantee <> r.relowner and (w.grantee is null or g.privilege_type <> 'SELECT' or g.is_grantable)
    union all
    select
        5,
        'table ' || w.table_name,
        format('%s may not select its %s', w.role, string_agg(quote_ident(w.attname), ', ' order by w.attname)),
        format(
            'grant select (%s) on table %s to %s',
            string_agg(quote_ident(w.attname), ', ' order by w.attname), w.table_name, w.quoted
        ),
        true
    from wanted_column w
    join pg_attribute a on a.attrelid = w.table_oid and a.attname = w.attname
    where not exists (
        select
        from aclexplode(a.attacl) as g
        where g.grantee = w.grantee and g.privilege_type = 'SELECT'
    )
    group by w.table_name, w.role, w.quoted
    union all
    select
        5,
        w.kind || ' ' || w.name,
        format('%s may not %s', pg_get_userbyid(w.grantee), replace(lower(w.privilege), 'usage', 'use')),
        format('grant %s on %s %s to %s', lower(w.privilege), w.word, w.name, w.quoted),
        true
    from wanted w
    where not exists (
        select
        from given g
        where g.word = w.word and g.name = w.name and g.grantee = w.grantee and g.privilege = w.privilege
    )
    union all
    -- Row level security is on for our tables and forced nowhere. Where it is wrong, a definer over another owner's table, or
    -- the worker in the engine's, would silently see no rows.
    select
        6,
        'table ' || t.name,
        case
            when t.relrowsecurity and not t.is_wanted then 'has row level security, and the engine knows of none'
            when t.relforcerowsecurity then 'forces its row level security'
            else 'has no row level security'
        end,
        format(
            'alter table %s %s row level security, no force row level security',
            t.name,
            case when t.is_wanted then 'enable' else 'disable' end
        ),
        true
    from secured t
    where t.relrowsecurity <> t.is_wanted or t.relforcerowsecurity
    union all
    select
        6,
        'table ' || w.table_name,
        format(case when p.polname is null then 'has no policy %s' else 'has another policy %s' end, w.polname),
        format('drop policy if exists %s on %s', w.polname, w.table_name) || case
            when w.roles = '{}' then ''
            else format(
                '; %s on %s for select to %s using (%s)',
                w.creation,
                w.table_name,
                (select string_agg(quote_ident(r.name), ', ') from unnest(w.roles) as r (name)),
                w.condition
            )
        end,
        true
    from wanted_policy w
    left join policy p on p.table_oid = w.table_oid and p.polname = w.polname
    where (p.polname is null and w.roles <> '{}')
        or (p.polname is not null and not (p.is_read and p.condition = w.compared and p.roles = w.roles))
    union all
    select
        6,
        'table ' || p.table_name,
        format('has a policy %I for %s', p.polname, array_to_string(p.roles, ', ')),
        format('drop policy %I on %s', p.polname, p.table_name),
        p.is_ours
    from policy p
    where p.polname not in ('pricing_read', 'pricing_read_api');
$$;

comment on function public.pricing_access_differences() is
'How owners, rights, policies and roles differ from the release, with the statement that repairs each; is_ours: migrate runs it. Steps are run in order.';
