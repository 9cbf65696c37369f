"""The schema as guarded blocks of SQL: one text for ``migrate`` and for ``migrate --export``.

Every block takes the lock, asks the ledger whether it is wanted, does its work and records
itself, all in one statement: it may be sent twice, by two processes, by psql or by the SQL
editor, alone or together with the others in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.migrations.blocks import (
    LEDGER,
    LEDGER_TABLE,
    REFUSED,
    TAKE_LOCK,
    UNFIT,
    array,
    block,
    quote,
    text,
)
from service.migrations.replay import replay
from service.migrations.schema import Release, Schema, SqlFile
from service.postgres.sql_text import fill

NOTHING = Release(migrations=frozenset(), engine=frozenset())


@dataclass(frozen=True)
class Part:
    """``name`` is what progress and results call it; ``sql`` is one statement."""

    name: str
    sql: str


def all_parts(schema: Schema) -> list[Part]:
    """Everything that an empty database lacks, and every step that an older one may lack."""
    return _parts(schema, NOTHING, schema.engine_steps)


def export_parts(schema: Schema, since: Release | None) -> list[Part]:
    """What a database at release ``since`` lacks; None is an empty one, or any released one."""
    if since is not None:
        steps = [step for step in schema.engine_steps if step.name not in since.engine]
        return _parts(schema, since, steps)
    # A released database has rows of the engine, skips its schema file, and may lack newer steps.
    steps = [
        step
        for step in schema.engine_steps
        if any(step.name not in release.engine for release in schema.releases.values())
    ]
    return _parts(schema, NOTHING, steps)


def _parts(schema: Schema, since: Release, steps: Iterable[SqlFile]) -> list[Part]:
    engine_end = "".join(file.text for file in schema.db if file.path == "db/engine.sql")
    needed = since.migrations | since.engine
    parts = [Part("check", _check(schema, needed)), Part("tables", _tables(schema))]
    if not needed:
        parts.append(Part("ledger", _LEDGER_SQL))
        parts.append(Part("engine", _engine(schema, engine_end)))
    parts += [Part(step.name, _engine_step(step, engine_end)) for step in steps]
    parts += [
        Part(file.name, _migration(file))
        for file in schema.migrations
        if file.name not in since.migrations
    ]
    parts.append(Part("db", replay(schema)))
    return parts


# Row level security from the first moment: where public is exposed, default grants are as well.
_LEDGER_SQL = block(
    f"""
begin
    {TAKE_LOCK}
    if to_regclass('{LEDGER}') is not null then
        return;
    end if;
    {LEDGER_TABLE.strip()};
    alter table {LEDGER} enable row level security;
    comment on table {LEDGER} is
        'What migrate has applied: engine steps, migrations, and db/ as one unit with its objects.';
end
"""
)


def known_relations(schema: Schema) -> dict[str, list[str]]:
    """Every relation of ours, with the names or patterns of the ledger that know it."""
    ours: dict[str, list[str]] = {}
    for name in schema.engine_schema.relations("procrastinate"):
        ours.setdefault(name, []).append("engine:%")
    for migration in schema.migrations:
        for name in migration.relations():
            ours.setdefault(name, []).append(migration.name)
    for file in schema.db:
        if file.kind == "view":
            ours.setdefault(f"public.{file.creates[0]}", []).append(f"db/views/{file.creates[0]}")
    return ours


def _check(schema: Schema, needed: frozenset[str]) -> str:
    """Stops when relations or functions with our names exist that the ledger does not know."""
    ours = known_relations(schema)
    functions = [file.creates[0] for file in schema.db if file.kind == "function"]
    relations = ",\n            ".join(
        f"({quote(name)}, {array(map(quote, known))})" for name, known in ours.items()
    )
    return block(
        fill(
            """
declare
    v_ledger text[] := '{}';
    v_lacking text;
    v_relation record;
    v_rows text;
    v_found text[] := '{}';
    v_ours boolean := false;
begin
    {take_lock}
    if getdatabaseencoding() <> 'UTF8' then
        raise exception 'The encoding of the database is %, and models have names in every script: '
            'it must be UTF8.', getdatabaseencoding()
            using errcode = '{unfit}', hint = 'Nothing was changed. Make another: '
                'create database ... encoding ''UTF8'' template template0;';
    end if;
    if (
        select count(*) from pg_attribute
        where attrelid = to_regclass('{ledger}') and attname in ('name', 'digest', 'applied_at')
    ) = 3 then
        execute 'select coalesce(array_agg(name), ''{}'') from {ledger}' into v_ledger;
    elsif to_regclass('{ledger}') is not null then
        v_found := array['{ledger} (not a ledger of ours)'];
    end if;

    select string_agg(needed.name, ', ' order by needed.name) into v_lacking
    from unnest({needed}) as needed (name)
    where needed.name <> all (v_ledger);
    if v_lacking is not null then
        raise exception 'This file is for a newer database: the ledger lacks %.', v_lacking
            using errcode = '{refused}',
                hint = 'Export without --from, or from the version that it has.';
    end if;

    for v_relation in
        select c.oid::regclass as name, n.nspname, c.relname,
            pg_get_userbyid(c.relowner) = 'pricing_owner' as is_ours
        from (values
            {relations}
        ) as ours (name, known)
        join pg_class c on c.oid = to_regclass(ours.name)
        join pg_namespace n on n.oid = c.relnamespace
        where not exists (
            select from unnest(v_ledger) as ledger (name) where ledger.name like any (ours.known)
        )
        order by n.nspname desc, c.relname
    loop
        v_ours := v_ours or v_relation.is_ours;
        begin
            execute format('select count(*) || '' rows'' from %s', v_relation.name) into v_rows;
        exception
            when others then v_rows := 'rows unknown';
        end;
        v_found := v_found || format('%I.%I (%s)', v_relation.nspname, v_relation.relname, v_rows);
    end loop;

    select v_found || coalesce(array_agg('function ' || p.oid::regprocedure), '{}'),
        v_ours or coalesce(bool_or(pg_get_userbyid(p.proowner) = 'pricing_owner'), false)
    into v_found, v_ours
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace
        and p.proname = any ({functions})
        and 'db/functions/' || p.proname <> all (v_ledger);

    if v_found <> '{}' then
        raise exception 'There are objects with our names that are not ours: %.',
            array_to_string(v_found, ', ')
            using errcode = '{refused}', hint = 'Nothing was changed. ' || case
                when v_ledger <> '{}' and v_ours then
                    'They belong to pricing_owner, and {ledger} has lost its rows of them: '
                    '`pricing-sync migrate --repair` makes them again.'
                when v_ledger = '{}' and (
                    select count(distinct p.proname) * 2 from pg_proc p
                    where p.pronamespace = 'public'::regnamespace
                        and p.proname = any ({functions})
                ) > {function_count} then
                    'They look like those of pricing-sync, and {ledger} is gone: '
                    '`pricing-sync migrate --repair` makes it again.'
                else
                    '`pricing-sync migrate --adopt` moves them to the schema pricing_legacy. Or '
                    'rename them, or use another database.'
                end;
    end if;
end
""",
            take_lock=TAKE_LOCK,
            unfit=UNFIT,
            ledger=LEDGER,
            needed=array(map(quote, sorted(needed))),
            refused=REFUSED,
            relations=relations,
            functions=array(map(quote, functions)),
            function_count=str(len(functions)),
        )
    )


def _tables(schema: Schema) -> str:
    """Stops when what the ledger says was made is not there, or is something else."""
    made = [(name, file.name, "r") for file in schema.migrations for name in file.relations()]
    made += [
        (f"public.{file.creates[0]}", f"db/views/{file.creates[0]}", "v")
        for file in schema.db
        if file.kind == "view"
    ]
    relations = ",\n            ".join(f"({', '.join(map(quote, each))})" for each in made)
    return block(
        fill(
            """
declare
    v_ledger text[];
    v_relation record;
    v_missing text;
begin
    {take_lock}
    if to_regclass('{ledger}') is null then
        return;
    end if;
    execute 'select coalesce(array_agg(name), ''{}'') from {ledger}' into v_ledger;
    if v_ledger <> '{}' and not exists (
        select
        from pg_index i
        where i.indrelid = to_regclass('{ledger}') and i.indisunique and i.indisvalid
            and i.indnkeyatts = 1 and pg_get_indexdef(i.indexrelid, 1, true) = 'name'
    ) then
        raise exception '{ledger} has no primary key: constraints and indexes were not restored.'
            using errcode = '{refused}',
                hint = 'Nothing was changed. Restore the rest of the dump (pg_restore '
                    '--section=post-data), and migrate again. If only that key is gone: '
                    'alter table {ledger} add primary key (name);';
    end if;

    for v_relation in
        select made.name, made.part, made.kind, c.relkind, c.relname,
            case c.relkind
                when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
                when 'S' then 'sequence' else 'table'
            end as is_now
        from (values
            {relations}
        ) as made (name, part, kind)
        left join pg_class c on c.oid = to_regclass(made.name)
        where made.part = any (v_ledger)
        order by made.name
    loop
        if v_relation.relkind is null and v_relation.kind = 'r' then
            v_missing := concat_ws(', ', v_missing, v_relation.name);
        elsif v_relation.relkind <> v_relation.kind then
            raise exception '% is a %, and this version has a % of that name.',
                v_relation.name, v_relation.is_now,
                case v_relation.kind when 'v' then 'view' else 'table' end
                using errcode = '{refused}', hint = 'Nothing was changed. Rename it, and migrate '
                    'again: ' || format('alter %s %s rename to %I;',
                        v_relation.is_now, v_relation.name, left(v_relation.relname, 58) || '_old');
        end if;
    end loop;
    if v_missing is not null then
        raise exception 'Tables that the ledger says were made are not there: %.', v_missing
            using errcode = '{refused}',
                hint = 'Nothing was changed. Restore them from a backup (pg_restore '
                    '--table=<table>), and migrate again: it names the constraints and indexes '
                    'that they lack. Or make them again, empty: `pricing-sync migrate --repair`.';
    end if;
end
""",
            take_lock=TAKE_LOCK,
            ledger=LEDGER,
            refused=REFUSED,
            relations=relations,
        )
    )


def _engine(schema: Schema, engine_end: str) -> str:
    end = SqlFile("db/engine", "db/engine.sql", engine_end)
    steps = ",\n        ".join(
        f"({quote(step.name)}, {quote(step.digest)})" for step in schema.engine_steps
    )
    tables = array(map(quote, schema.engine_schema.relations("procrastinate")))
    ours = "".join(
        f"\n    if exists (select from {LEDGER} where name = {quote(file.name)}) then\n        "
        + "\n        ".join(file.on_engine())
        + "\n    end if;"
        for file in schema.migrations
        if file.on_engine()
    )
    # What our migrations added to its tables is made again with them.
    return block(
        fill(
            """
declare
    v_search_path constant text := current_setting('search_path');
begin
    {take_lock}
    if exists (select from {ledger} where name like 'engine:%')
        -- A restore of our tables only brings the ledger, and nothing of the engine.
        and exists (select from unnest({tables}) as t (name) where to_regclass(t.name) is not null)
    then
        return;
    end if;
    delete from {ledger} where name like 'engine:%';
    create schema if not exists procrastinate;
    perform set_config('search_path', 'procrastinate, pg_temp', true);
    execute {engine_schema};
    execute {end};{ours}
    insert into {ledger} (name, digest)
    values
        {steps};
    delete from {ledger} where name = 'db';
    perform set_config('search_path', v_search_path, true);
end
""",
            take_lock=TAKE_LOCK,
            ledger=LEDGER,
            tables=tables,
            engine_schema=text(schema.engine_schema),
            end=text(end),
            ours=ours,
            steps=steps,
        )
    )


def _engine_step(step: SqlFile, engine_end: str) -> str:
    end = SqlFile("db/engine", "db/engine.sql", engine_end)
    return block(
        fill(
            """
declare
    v_search_path constant text := current_setting('search_path');
begin
    {take_lock}
    if exists (select from {ledger} where name = {name}) then
        return;
    end if;
    perform set_config('search_path', 'procrastinate, pg_temp', true);
    execute {text};
    execute {end};
    insert into {ledger} (name, digest) values ({name}, {digest});
    delete from {ledger} where name = 'db';
    perform set_config('search_path', v_search_path, true);
end
""",
            take_lock=TAKE_LOCK,
            ledger=LEDGER,
            name=quote(step.name),
            text=text(step),
            end=text(end),
            digest=quote(step.digest),
        )
    )


def _migration(file: SqlFile) -> str:
    # The replay after it gives new tables their owner and rights.
    return block(
        fill(
            """
declare
    v_search_path constant text := current_setting('search_path');
    v_digest text;
begin
    {take_lock}
    select digest into v_digest from {ledger} where name = {name};
    if v_digest <> {digest} then
        raise exception '% was applied with another text.', {name}
            using errcode = '{refused}',
                hint = 'A released migration is never edited: undo that, and write a new one.';
    elsif v_digest is not null then
        return;
    end if;
    perform set_config('search_path', 'pg_catalog, pg_temp', true);
    execute {text};
    insert into {ledger} (name, digest) values ({name}, {digest});
    delete from {ledger} where name = 'db';
    perform set_config('search_path', v_search_path, true);
end
""",
            take_lock=TAKE_LOCK,
            ledger=LEDGER,
            name=quote(file.name),
            digest=quote(file.digest),
            refused=REFUSED,
            text=text(file),
        )
    )
