"""Remove references to missing rows, before their foreign key is made again."""

from __future__ import annotations

import re

import psycopg

from service.migrations.adoption.legacy_schema import free_name, make_legacy_schema
from service.postgres.rows import the_row
from service.postgres.sql_text import fill

_FOREIGN_KEY = re.compile(
    r"alter table (?P<table>\S+) add constraint \S+ FOREIGN KEY \((?P<columns>[^)]*)\)"
    r" REFERENCES (?P<target>[^(]+)\((?P<keys>[^)]*)\)(?P<rest>.*)$",
    re.DOTALL,
)


def move_dangling_rows(connection: psycopg.Connection, statement: str) -> list[str]:
    """Set such columns to null where the key does so on delete, else move rows to pricing_legacy.

    ``statement`` adds the foreign key. Returns what was done, a sentence each.
    """
    match = _FOREIGN_KEY.search(statement)
    if match is None:
        return []
    table, target = match["table"], match["target"].strip()
    pairs = list(zip(match["columns"].split(", "), match["keys"].split(", "), strict=True))
    orphaned = " and ".join(
        [f"o.{column} is not null" for column, _ in pairs]
        + [
            f"not exists (select from {target} t where "
            + " and ".join(f"t.{key} = o.{column}" for column, key in pairs)
            + ")"
        ]
    )
    query = fill(
        "select count(*) from {table} o where {orphaned}",
        table=table,
        orphaned=orphaned,
    )
    (count,) = the_row(connection.execute(query.encode()).fetchone())
    if count == 0:
        return []
    named = f"{count} rows of {table} referred to missing rows of {target}"
    # History and audit log refuse changes without this setting, which is itself audited.
    connection.execute("select set_config('pricing.maintenance', 'on', true)")
    if "ON DELETE SET NULL" in match["rest"]:
        nulls = ", ".join(f"{column} = null" for column, _ in pairs)
        connection.execute(
            fill(
                "update {table} o set {nulls} where {orphaned}",
                table=table,
                nulls=nulls,
                orphaned=orphaned,
            ).encode()
        )
        sentence = f"{named}: they refer to none now"
    else:
        make_legacy_schema(connection)
        kept = free_name(connection, f"{table.rpartition('.')[2]}_orphans")
        connection.execute(
            fill(
                "create table {kept} as select o.* from {table} o where {orphaned}",
                kept=kept,
                table=table,
                orphaned=orphaned,
            ).encode()
        )
        connection.execute(f"alter table {kept} enable row level security".encode())
        connection.execute(
            fill(
                "delete from {table} o where {orphaned}",
                table=table,
                orphaned=orphaned,
            ).encode()
        )
        sentence = f"{named}: they are kept in {kept}"
    connection.execute("select set_config('pricing.maintenance', '', true)")
    return [sentence]
