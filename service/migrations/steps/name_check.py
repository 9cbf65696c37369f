"""Step ``check``: refuse a database where objects with our names are not ours."""

from __future__ import annotations

from service.migrations.do_block import REFUSED, UNFIT, do_block, quote, text_array
from service.migrations.ledger import LEDGER
from service.migrations.migrate_lock import TAKE_LOCK
from service.migrations.schema import Schema
from service.postgres.sql_text import fill


def name_check(schema: Schema, needed: frozenset[str]) -> str:
    """Refuse relations and functions with our names that the ledger does not know."""
    ours = known_relations(schema)
    functions = [file.creates[0] for file in schema.db if file.kind == "function"]
    relations = ",\n            ".join(
        f"({quote(name)}, {text_array(map(quote, known))})" for name, known in ours.items()
    )
    return do_block(
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
            needed=text_array(map(quote, sorted(needed))),
            refused=REFUSED,
            relations=relations,
            functions=text_array(map(quote, functions)),
            function_count=str(len(functions)),
        )
    )


def known_relations(schema: Schema) -> dict[str, list[str]]:
    """Every relation of this version, with the ledger names or patterns that account for it."""
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
