"""Read what a publication sends, as Supabase's Realtime does: by logical decoding."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from psycopg.rows import TupleRow


@dataclass(frozen=True)
class Change:
    """A row that was written; ``old``: what its table's replica identity sends of it before."""

    action: str
    table: str
    new: dict[str, str | None]
    old: dict[str, str | None]


@dataclass(frozen=True)
class Slot:
    """A place in the log from which changes are read, each once."""

    connection: psycopg.Connection[TupleRow]
    name: str
    publication: str

    def changes(self) -> list[Change]:
        """What was committed since the last call."""
        # A commit that waits for the disk: the servers of the tests do not, and what is not flushed
        # is not decoded.
        self.connection.execute("set synchronous_commit = on")
        self.connection.execute("select pg_catalog.pg_logical_emit_message(true, 'test', '')")
        messages = self.connection.execute(
            "select data from pg_catalog.pg_logical_slot_get_binary_changes(%s, null, null,"
            " 'proto_version', '1', 'publication_names', %s)",
            [self.name, self.publication],
        ).fetchall()
        return list(_read([bytes(data) for (data,) in messages]))


@contextmanager
def slot(url: str, publication: str) -> Iterator[Slot]:
    """A slot of its own; ``url`` is a superuser's."""
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("show wal_level").fetchone() != ("logical",):
            pytest.skip("this server does not decode its log: wal_level is not logical")
        name = f"test_{connection.info.backend_pid}"
        connection.execute(
            "select pg_catalog.pg_create_logical_replication_slot(%s, 'pgoutput')", [name]
        )
        try:
            yield Slot(connection, name, publication)
        finally:
            connection.execute("select pg_catalog.pg_drop_replication_slot(%s)", [name])


class _Message:
    """A message of pgoutput; "Logical Replication Message Formats" has the format."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def letter(self) -> str:
        self._at += 1
        return chr(self._data[self._at - 1])

    def number(self, format: str) -> int:
        (found,) = struct.unpack_from(f"!{format}", self._data, self._at)
        self._at += struct.calcsize(f"!{format}")
        return int(found)

    def text(self) -> str:
        end = self._data.index(0, self._at)
        found = self._data[self._at : end].decode()
        self._at = end + 1
        return found

    def values(self) -> list[str | None]:
        """A row; unchanged values that are stored out of line are not sent."""
        found: list[str | None] = []
        for _ in range(self.number("h")):
            if self.letter() != "t":
                found.append(None)
                continue
            length = self.number("i")
            found.append(self._data[self._at : self._at + length].decode())
            self._at += length
        return found


def _read(messages: list[bytes]) -> Iterator[Change]:
    tables: dict[int, tuple[str, list[str]]] = {}
    for data in messages:
        message = _Message(data)
        kind = message.letter()
        if kind == "R":
            oid = message.number("I")
            table = f"{message.text()}.{message.text()}"
            message.letter()
            names = []
            for _ in range(message.number("h")):
                message.letter()
                names.append(message.text())
                message.number("I")
                message.number("i")
            tables[oid] = (table, names)
        elif kind in ("I", "U", "D"):
            table, names = tables[message.number("I")]
            rows: dict[str, dict[str, str | None]] = {"N": {}, "K": {}, "O": {}}
            part = message.letter()
            rows[part] = dict(zip(names, message.values(), strict=True))
            if part != "N" and kind == "U":
                rows[message.letter()] = dict(zip(names, message.values(), strict=True))
            action = {"I": "INSERT", "U": "UPDATE", "D": "DELETE"}[kind]
            yield Change(action, table, rows["N"], rows["K"] | rows["O"])
