"""What this version needs in a database: the engine, ``migrations/`` and ``db/``.

Nothing here knows a connection: ``steps`` makes SQL of it, and ``migrate`` runs that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, TypedDict

Kind = Literal["before", "function", "view", "trigger", "after"]
COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)

CREATED_RELATION = re.compile(
    r"\bcreate\s+(?:unlogged\s+)?(?:table|sequence|(?:or\s+replace\s+)?view|materialized\s+view)\s+"
    r"(?:if\s+not\s+exists\s+)?(?:(\w+)\.)?(\w+)",
    re.IGNORECASE,
)

ON_ENGINE = re.compile(
    r"^(?:create\s+(?:unique\s+)?index\b[^;]*?\son|drop\s+index|alter\s+table(?:\s+only)?)"
    r"\s+procrastinate\.[^;]*;",
    re.IGNORECASE | re.MULTILINE,
)

CREATED_TRIGGER = re.compile(
    r"\bcreate\s+(?:or\s+replace\s+)?(?:constraint\s+)?trigger\s+(\w+)", re.IGNORECASE
)

CREATED_INDEX = re.compile(r"\bcreate\s+(?:unique\s+)?index\s+(\w+)\s+on\s+public\.", re.IGNORECASE)
CREATED_TYPE = re.compile(r"\bcreate\s+(?:type|domain)\s+(?:\w+\.)?(\w+)", re.IGNORECASE)

CREATED_FUNCTION = re.compile(
    r"\bcreate\s+(?:or\s+replace\s+)?function\s+(?:\w+\.)?(\w+)", re.IGNORECASE
)

AFTER = re.compile(r"^-- after: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Roots:
    """Where the SQL lies. ``engine`` has ``schema.sql`` and ``migrations/``."""

    migrations: Path
    db: Path
    engine: Traversable


@dataclass(frozen=True)
class SqlFile:
    """``name``: in the ledger; ``path``: in the checkout."""

    name: str
    path: str
    text: str

    @cached_property
    def digest(self) -> str:
        return digest(self.text)

    def relations(self, schema: str = "public") -> list[str]:
        """The tables, views and sequences that it creates, with their schema, in order."""
        found = CREATED_RELATION.findall(COMMENT.sub("", self.text))
        return list(dict.fromkeys(f"{given or schema}.{name}".lower() for given, name in found))

    def names_beside_tables(self) -> list[str]:
        """Names that its indexes, keys and identity columns take in the schema."""
        text = COMMENT.sub("", self.text)
        tables = [name.rpartition(".")[2] for name in self.relations()]
        return [
            *CREATED_INDEX.findall(text),
            *(f"{table}_pkey" for table in tables),
            *(f"{table}_id_seq" for table in tables),
        ]

    def types(self) -> list[str]:
        """The types and domains that it creates."""
        return CREATED_TYPE.findall(COMMENT.sub("", self.text))

    def functions(self) -> list[str]:
        """The names of the functions that it creates."""
        return list(dict.fromkeys(CREATED_FUNCTION.findall(COMMENT.sub("", self.text))))

    def on_engine(self) -> list[str]:
        """Its statements that extend a table of the engine, such as our indexes."""
        return ON_ENGINE.findall(COMMENT.sub("", self.text))


@dataclass(frozen=True)
class DbFile(SqlFile):
    """One file of ``db/``; ``creates``: the objects that its replay creates."""

    kind: Kind
    creates: tuple[str, ...]

    @cached_property
    def after(self) -> list[str]:
        """Names of functions and views that must be replayed before it."""
        lines = AFTER.findall(self.text)
        return [name.strip() for line in lines for name in line.split(",")]


class ReleaseEntry(TypedDict):
    """A version in ``versions.json``: its migrations with their digests, and the engine's steps."""

    migrations: dict[str, str]
    engine: list[str]


@dataclass(frozen=True)
class Release:
    """What a released version had applied, by ledger name."""

    migrations: frozenset[str]
    engine: frozenset[str]


@dataclass(frozen=True)
class Schema:
    """``db`` is in the order of replay, ``migrations`` and ``engine_steps`` in that of names."""

    engine_schema: SqlFile
    engine_steps: tuple[SqlFile, ...]
    migrations: tuple[SqlFile, ...]
    db: tuple[DbFile, ...]
    releases: dict[str, Release]

    @cached_property
    def db_digest(self) -> str:
        """Of all files of ``db/``, names and contents, in any order of replay."""
        return digest("".join(sorted(f"{file.name}.sql {file.digest}\n" for file in self.db)))


def digest(text: str) -> str:
    """SHA-256 in hex. Line ends are ``\\n`` whatever the checkout made of them: see ``_read``."""
    return sha256(text.encode()).hexdigest()
