"""Steps that install and upgrade the engine's schema."""

from __future__ import annotations

from service.migrations.do_block import do_block, file_literal, quote, text_array
from service.migrations.ledger import LEDGER
from service.migrations.migrate_lock import TAKE_LOCK
from service.migrations.schema import Schema, SqlFile
from service.postgres.sql_text import fill


def engine_install(schema: Schema, engine_end: str) -> str:
    end = SqlFile("db/engine", "db/engine.sql", engine_end)
    steps = ",\n        ".join(
        f"({quote(step.name)}, {quote(step.digest)})" for step in schema.engine_steps
    )
    tables = text_array(map(quote, schema.engine_schema.relations("procrastinate")))
    ours = "".join(
        f"\n    if exists (select from {LEDGER} where name = {quote(file.name)}) then\n        "
        + "\n        ".join(file.on_engine())
        + "\n    end if;"
        for file in schema.migrations
        if file.on_engine()
    )
    # Our migrations added indexes to its tables: they are made again with them.
    return do_block(
        fill(
            """
declare
    v_search_path constant text := current_setting('search_path');
begin
    {take_lock}
    if exists (select from {ledger} where name like 'engine:%')
        -- A restore of only our tables brings the ledger, and nothing of the engine.
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
            engine_schema=file_literal(schema.engine_schema),
            end=file_literal(end),
            ours=ours,
            steps=steps,
        )
    )


def engine_upgrade(step: SqlFile, engine_end: str) -> str:
    end = SqlFile("db/engine", "db/engine.sql", engine_end)
    return do_block(
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
            text=file_literal(step),
            end=file_literal(end),
            digest=quote(step.digest),
        )
    )
