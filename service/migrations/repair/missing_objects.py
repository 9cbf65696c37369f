"""Make missing tables, columns, constraints and indexes again."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

import psycopg

from service.migrations.comparison.compare import read_differences
from service.migrations.comparison.difference import MISSING, Difference
from service.migrations.locked_transaction import CONTENTION
from service.migrations.repair.dangling_rows import move_dangling_rows
from service.migrations.repair.lost_values import describe_lost_values, has_rows
from service.migrations.repair.repair_work import RepairWork
from service.migrations.schema import Schema

ROUNDS = 8
_REFERENCES = re.compile(r"\breferences\s+(?:public\.|procrastinate\.)?(\w+)", re.IGNORECASE)

_PRIMARY_KEY = re.compile(
    r"alter table (?P<table>\S+) add constraint \S+ PRIMARY KEY \((?P<columns>[^)]*)\)"
)


def make_missing_objects(
    connection: psycopg.Connection, schema: Schema, work: RepairWork, *, foreign_keys: bool
) -> None:
    """Run the statements in rounds, because one may need what another makes."""
    for _ in range(ROUNDS):
        todo = [
            each
            for each in read_missing(connection, schema)
            if foreign_keys or not is_foreign_key(each)
        ]
        keys = _lost_keys(schema, todo)
        done = [each for each in todo if _run(connection, each, work, keys)]
        if not done:
            return


def _lost_keys(schema: Schema, todo: Collection[Difference]) -> set[str]:
    """Missing columns that foreign keys point at, as ``column <table>.<name>``."""
    texts = [schema.engine_schema.text, *(file.text for file in schema.migrations)]
    named = {name for text in texts for name in _REFERENCES.findall(text)}
    keys = set()
    for each in todo:
        match = _PRIMARY_KEY.search(each.statement or "")
        if match is not None and match["table"].rpartition(".")[2] in named:
            keys |= {f"column {match['table']}.{name}" for name in match["columns"].split(", ")}
    return keys


def _run(
    connection: psycopg.Connection, each: Difference, work: RepairWork, keys: Collection[str]
) -> bool:
    """Run one statement in its own savepoint; False when it failed."""
    statement = each.statement or ""
    if each.object in keys and each.found == MISSING and has_rows(connection, each):
        work.refused[each.object] = (
            "its values are gone, and foreign keys point at it; restore the table from a backup"
        )
        return False
    try:
        with connection.transaction():
            sentences = move_dangling_rows(connection, statement) if is_foreign_key(each) else []
            connection.execute(statement.encode())
            if each.found == MISSING and each.object.startswith("table "):
                sentences.append(f"{each.object} is made again: the rows that it had are gone")
            elif each.found == MISSING and each.object.startswith("column "):
                sentences += describe_lost_values(connection, each)
    except psycopg.Error as error:
        if error.sqlstate in CONTENTION:
            raise
        work.refused[each.object] = _reason(each, error)
        return False
    work.refused.pop(each.object, None)
    work.repaired.append(each.sentence)
    work.lost += sentences
    if each.found == MISSING:
        work.made.add(each.object)
    return True


def _reason(each: Difference, error: psycopg.Error) -> str:
    if error.sqlstate == "23502" and each.found == MISSING:
        return "its values are gone, and it may not be null; restore the table from a backup"
    detail = f" ({error.diag.message_detail})" if error.diag.message_detail else ""
    return f"{error.diag.message_primary or error}{detail}"


def read_missing(connection: psycopg.Connection, schema: Schema) -> list[Difference]:
    # Tables need nothing of db/, which takes most of a comparison's time.
    tables = replace(schema, db=())
    return [each for each in read_differences(connection, tables) if each.is_repaired]


def is_foreign_key(each: Difference) -> bool:
    return each.object.startswith("constraint ") and " FOREIGN KEY (" in (each.statement or "")
