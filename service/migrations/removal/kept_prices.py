"""Prices and their history after ``uninstall --keep-prices``: two plain tables, where they were.

They have no trigger, function, type or role of ours. A later ``migrate`` finds them by their
comment, and takes every row up again with its number.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from service.migrations.adoption.legacy_schema import SCHEMA, move_relation
from service.migrations.repair.reconciled_prices import forget_overrides
from service.postgres.rows import the_row
from service.postgres.sql_text import fill

KEPT = ("public.model_pricing", "public.model_pricing_history")
MARK = "Kept by pricing-sync uninstall --keep-prices; pricing-sync migrate takes it up again."

_MARKED = """
select c.oid::integer, c.relname::text
from pg_class c
where c.relnamespace = to_regnamespace(%s) and c.relkind = 'r'
    and starts_with(obj_description(c.oid, 'pg_class'), %s)
order by c.relname
"""


def keep_prices(connection: psycopg.Connection) -> None:
    """Make them plain tables: plain types, owned by this login, readable by service_role."""
    for table in KEPT:
        columns = connection.execute(
            "select quote_ident(a.attname) from pg_attribute a"
            " where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped"
            " and a.atttypid = to_regtype('public.pricing_usd')",
            [table],
        ).fetchall()
        # A column's type cannot change while a generated column reads it.
        computed = connection.execute(
            "select quote_ident(a.attname) from pg_attribute a"
            " where a.attrelid = to_regclass(%s) and a.attgenerated <> '' and not a.attisdropped",
            [table],
        ).fetchall()
        for changes in (
            ", ".join(f"alter column {name} drop expression" for (name,) in computed),
            ", ".join(f"alter column {name} type numeric" for (name,) in columns),
        ):
            if changes:
                connection.execute(f"alter table {table} {changes}".encode())
        for policy in ("pricing_read", "pricing_read_api"):
            connection.execute(f"drop policy if exists {policy} on {table}".encode())
        for (role,) in connection.execute(
            "select rolname::text from pg_roles"
            " where rolname in"
            " ('pricing_web', 'pricing_worker', 'service_role', 'anon', 'authenticated')"
        ).fetchall():
            if role == "service_role":
                connection.execute(
                    f"create policy kept_read on {table} for select to service_role"
                    " using (true)".encode()
                )
            else:
                connection.execute(f"revoke all on {table} from {role}".encode())
        connection.execute(f"alter table {table} owner to current_user".encode())
        connection.execute(
            sql.SQL("comment on table {} is {}").format(sql.SQL(table), sql.Literal(MARK))
        )


def move_kept_prices(connection: psycopg.Connection) -> None:
    """Move them to pricing_legacy, so that the migrations can create ours."""
    for oid, name in connection.execute(_MARKED.encode(), ["public", MARK]).fetchall():
        move_relation(connection, oid, "table", "public", name)


def restore_kept_prices(connection: psycopg.Connection) -> list[str]:
    """Copy their rows into our tables and drop them, in the caller's transaction; says how many."""
    kept = connection.execute(_MARKED.encode(), [SCHEMA, MARK]).fetchall()
    if not kept or the_row(
        connection.execute("select exists (select from public.model_pricing)").fetchone()
    ) == (True,):
        return []
    sentences = []
    for _, name in kept:
        table = _taken_by(name)
        columns = ", ".join(
            column
            for (column,) in connection.execute(
                "select quote_ident(a.attname) from pg_attribute a"
                " join pg_attribute k on k.attname = a.attname and k.attnum > 0"
                " and not k.attisdropped and k.attrelid = %s::regclass"
                " where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped"
                " and a.attgenerated = '' order by a.attnum",
                [f"{SCHEMA}.{name}", f"public.{table}"],
            ).fetchall()
        )
        count = connection.execute(
            fill(
                "insert into public.{table} ({columns}) overriding system value"
                " select {columns} from {schema}.{name} order by id",
                table=table,
                columns=columns,
                schema=SCHEMA,
                name=name,
            ).encode()
        ).rowcount
        connection.execute(
            fill(
                "select setval(pg_get_serial_sequence('public.{table}', 'id'),"
                " greatest((select max(id) from public.{table}), 1))",
                table=table,
            ).encode()
        )
        sentences.append(f"{count} rows of {table} that an uninstall kept are back")
    for oid, name in reversed(kept):
        table = f"{SCHEMA}.{name}"
        theirs = _columns_of_theirs(connection, oid, _taken_by(name))
        if theirs:
            connection.execute(f"comment on table {table} is null".encode())
            sentences.append(f"{table} stays: it has columns of yours ({', '.join(theirs)})")
        else:
            connection.execute(f"drop table {table}".encode())
    forget_overrides(connection)
    return sentences


def _taken_by(kept: str) -> str:
    return "model_pricing_history" if "_history" in kept else "model_pricing"


def _columns_of_theirs(connection: psycopg.Connection, oid: int, table: str) -> list[str]:
    found = connection.execute(
        "select quote_ident(a.attname) from pg_attribute a"
        " where a.attrelid = %s and a.attnum > 0 and not a.attisdropped and not exists ("
        "select from pg_attribute k where k.attrelid = to_regclass(%s) and k.attname = a.attname)"
        " order by a.attnum",
        [oid, f"public.{table}"],
    ).fetchall()
    return [name for (name,) in found]
