"""Step ``db``: replace every function, view and trigger of ``db/`` in one transaction."""

from __future__ import annotations

from collections.abc import Iterable

from service.migrations.comparison.engine_objects import engine_objects
from service.migrations.do_block import REFUSED, do_block, file_literal, quote, text_array
from service.migrations.ledger import LEDGER
from service.migrations.migrate_lock import TAKE_LOCK
from service.migrations.schema import DbFile, Schema
from service.postgres.sql_text import fill

# The user of DATABASE_URL is a member of the first three; the others are Supabase's.
MEMBER_ROLES = ("pricing_owner", "pricing_worker", "pricing_web")
ROLES = (*MEMBER_ROLES, "anon", "authenticated", "service_role")

# Ledger rows for roles that were missing at the last replay: once one exists, a replay follows.
AWAITS = "db/awaits/"

# Ledger row with the oid of the extension pg_cron at the last replay: a replay follows when it was
# installed later, or dropped and installed again. The comparison finds single lost jobs.
CRON = "db/pg_cron"


def replay(schema: Schema) -> str:
    """The step's statement; its ledger row is ``db``, that of each object ``db/<kind>s/<name>``."""

    def column(values: Iterable[str]) -> str:
        return "array[\n        " + ",\n        ".join(values) + "\n    ]::text[]"

    def created(file: DbFile) -> str:
        return quote(",".join(file.creates))

    rows = [(f"db/{file.kind}s/{name}", file.digest) for file in schema.db for name in file.creates]
    return do_block(
        f"""
declare
    v_digest constant text := {quote(schema.db_digest)};
    v_engine constant text := {quote(engine_objects(schema))};
    v_kinds constant text[] := {text_array(quote(file.kind) for file in schema.db)};
    v_creates constant text[] := {column(created(file) for file in schema.db)};
    v_texts constant text[] := {column(file_literal(file) for file in schema.db)};
    v_row_names constant text[] := {column(quote(name) for name, _ in rows)};
    v_row_digests constant text[] := {column(quote(value) for _, value in rows)};
{_REPLAY_SQL}"""
    )


# Functions, views and triggers, with the statement that drops each. Dropping a view drops its
# triggers, so statements are read at once, and a missing object is no error. version: whether a
# statement touched the object, because `create or replace` moves its catalogue row. entangled: it
# may block another object's drop, or need that one dropped first.
_OBJECTS_SQL = """
        select * from (
            select 'function' as kind, p.proname::text as name,
                'db/functions/' || p.proname as row_name, p.oid || ' ' || p.ctid as version,
                'drop routine if exists ' || p.oid::regprocedure as drop_statement,
                exists (
                    select from pg_depend d
                    left join pg_type t on d.refclassid = 'pg_type'::regclass and t.oid = d.refobjid
                    left join pg_class c on c.oid = case
                        when d.refclassid = 'pg_class'::regclass then d.refobjid else t.typrelid end
                    where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                        and (c.relkind = 'v' or d.refclassid = 'pg_proc'::regclass)
                ) as entangled
            from pg_proc p
            where p.pronamespace = 'public'::regnamespace
                and not exists (
                    select from pg_depend d
                    where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
                )
            union all
            select 'view', c.relname, 'db/views/' || c.relname, c.oid || ' ' || c.ctid,
                'drop view if exists ' || c.oid::regclass, true
            from pg_class c
            where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
            union all
            select 'trigger', t.tgname, 'db/triggers/' || t.tgname, t.oid || ' ' || t.ctid,
                format('drop trigger if exists %I on %s', t.tgname, t.tgrelid::regclass), true
            from pg_trigger t
            join pg_class c on c.oid = t.tgrelid
            join pg_namespace n on n.oid = c.relnamespace
            where not t.tgisinternal and n.nspname in ('public', 'procrastinate')
        ) as objects
"""

# Two rounds, because only trying shows what an old object depends on. The first replaces in place
# and drops only what cannot be replaced, so that objects of the operator that depend on ours stay.
# When one of our old objects blocks a drop, the round is undone, and the second begins by dropping
# our triggers and views.
_REPLAY_SQL = fill(
    """
    v_objects constant text := $pricing_objects${objects}$pricing_objects$;
    v_search_path constant text := current_setting('search_path');
    v_check_bodies constant text := current_setting('check_function_bodies');
    v_before text[];
    v_drops text[];
    v_drop text;
    v_any boolean;
    v_stuck text;
    v_missing text;
    v_cron text;
begin
    {take_lock}
    select e.oid into v_cron
    from pg_extension e
    join pg_namespace n on n.nspname = 'cron' and has_schema_privilege(n.oid, 'usage')
    where e.extname = 'pg_cron';
    if exists (select from {ledger} where name = 'db' and digest = v_digest)
        and not exists (
            -- A role that was missing at the last replay exists now.
            select
            from {ledger} l
            join pg_roles r on '{awaits}' || r.rolname = l.name
            where r.rolname <> all ({member_roles})
                or pg_has_role(current_user, r.oid, 'usage')
        )
        and (
            v_cron is null
            or exists (select from {ledger} where name = '{cron}' and digest = v_cron)
        )
    then
        return;
    end if;
    perform set_config('search_path', 'pg_catalog, pg_temp', true);
    perform set_config('check_function_bodies', 'off', true);

    for i in 1 .. cardinality(v_kinds) loop
        if v_kinds[i] = 'before' then
            execute v_texts[i];
        end if;
    end loop;

    <<rounds>>
    for v_round in 1 .. 2 loop
        begin
            if v_round = 2 then
                loop
                    v_any := false;
                    execute 'select array(select drop_statement from (' || v_objects || ') as o'
                        ' where entangled'
                        ' and exists (select from {ledger} l where l.name = row_name))'
                    into v_drops;
                    foreach v_drop in array v_drops loop
                        begin
                            execute v_drop;
                            v_any := true;
                        exception
                            when dependent_objects_still_exist then null;
                        end;
                    end loop;
                    exit when not v_any;
                end loop;
            end if;

            for i in 1 .. cardinality(v_kinds) loop
                continue when v_kinds[i] not in ('function', 'view', 'trigger');
                execute 'select array_agg(version) from (' || v_objects || ') as o'
                    ' where kind = $1 and name = any ($2)'
                into v_before using v_kinds[i], string_to_array(v_creates[i], ',');
                begin
                    execute v_texts[i];
                exception
                    when invalid_function_definition or invalid_table_definition
                        or datatype_mismatch or wrong_object_type
                        or duplicate_object or duplicate_function or duplicate_table
                    then
                        execute 'select array(select drop_statement from (' || v_objects || ') as o'
                            ' where kind = $1 and name = any ($2))'
                        into v_drops using v_kinds[i], string_to_array(v_creates[i], ',');
                        foreach v_drop in array v_drops loop
                            execute v_drop;
                        end loop;
                        execute v_texts[i];
                end;
                -- The old one, under the same name with other parameters or on another table.
                if v_kinds[i] <> 'view' then
                    execute 'select array(select drop_statement from (' || v_objects || ') as o'
                        ' where kind = $1 and name = any ($2) and version = any ($3))'
                    into v_drops using v_kinds[i], string_to_array(v_creates[i], ','), v_before;
                    foreach v_drop in array v_drops loop
                        execute v_drop;
                    end loop;
                end if;
                execute 'select string_agg(c.name, '', '') from unnest($2) as c (name)'
                    ' where not exists (select from (' || v_objects || ') as o'
                    ' where o.kind = $1 and o.name = c.name)'
                into v_missing using v_kinds[i], string_to_array(v_creates[i], ',');
                if v_missing is not null then
                    raise exception '% does not create the % public.%.',
                        substr(split_part(v_texts[i], E'\\n', 1), 4), v_kinds[i], v_missing
                        using errcode = '{refused}',
                            hint = 'A file has the name of the one object that it creates.';
                end if;
            end loop;

            -- Installed by an earlier replay, and no longer in the release.
            loop
                v_any := false;
                v_stuck := null;
                execute 'select array(select drop_statement from (' || v_objects || ') as o'
                    ' where row_name <> all ($1)'
                    ' and exists (select from {ledger} l where l.name = row_name))'
                into v_drops using v_row_names;
                foreach v_drop in array v_drops loop
                    begin
                        execute v_drop;
                        v_any := true;
                    exception
                        when dependent_objects_still_exist then
                            v_stuck := v_drop;
                    end;
                end loop;
                exit when v_stuck is null;
                if not v_any then
                    execute v_stuck;
                end if;
            end loop;
            exit rounds;
        exception
            when dependent_objects_still_exist then
                if v_round = 2 then
                    raise;
                end if;
        end;
    end loop;

    perform set_config('pricing.engine', v_engine, true);
    for i in 1 .. cardinality(v_kinds) loop
        if v_kinds[i] = 'after' then
            execute v_texts[i];
        end if;
    end loop;

    delete from {ledger} where name = 'db' or name like 'db/%' and name <> all (v_row_names);
    insert into {ledger} as known (name, digest)
    select * from unnest(v_row_names || text 'db', v_row_digests || v_digest)
    on conflict (name) do update set digest = excluded.digest, applied_at = now()
    where known.digest <> excluded.digest;
    if v_cron is not null then
        insert into {ledger} (name, digest) values ('{cron}', v_cron);
    end if;
    insert into {ledger} (name, digest)
    select '{awaits}' || wanted.name, ''
    from unnest({roles}) as wanted (name)
    where not exists (
        select
        from pg_roles r
        where r.rolname = wanted.name
            and (
                r.rolname <> all ({member_roles})
                or pg_has_role(current_user, r.oid, 'usage')
            )
    );
    perform set_config('search_path', v_search_path, true);
    perform set_config('check_function_bodies', v_check_bodies, true);
end
""",
    objects=_OBJECTS_SQL,
    take_lock=TAKE_LOCK,
    ledger=LEDGER,
    awaits=AWAITS,
    member_roles=text_array(map(quote, MEMBER_ROLES)),
    cron=CRON,
    refused=REFUSED,
    roles=text_array(map(quote, ROLES)),
)
