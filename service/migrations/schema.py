"""What this version needs in a database, read from files: the engine, ``migrations/`` and ``db/``.

Nothing here knows a connection. ``parts`` makes SQL of it, ``runner`` runs it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Literal, TypedDict

from service.errors import MigrationError

Kind = Literal["before", "function", "view", "trigger", "after"]

MIGRATION_NAME = re.compile(r"\d{14}_[a-z0-9_]+\.sql")
COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
CREATED_RELATION = re.compile(
    r"\bcreate\s+(?:unlogged\s+)?(?:table|sequence|(?:or\s+replace\s+)?view|materialized\s+view)\s+"
    r"(?:if\s+not\s+exists\s+)?(?:(\w+)\.)?(\w+)",
    re.IGNORECASE,
)
ON_ENGINE = re.compile(
    r"^(?:create\s+(?:unique\s+)?index\b[^;]*?\son|alter\s+table(?:\s+only)?)\s+procrastinate\.[^;]*;",
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
    """``name`` is what the ledger calls it; ``path`` is what a person opens."""

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
        """Its statements that add to a table of the engine's, such as indexes of ours."""
        return ON_ENGINE.findall(COMMENT.sub("", self.text))


@dataclass(frozen=True)
class DbFile(SqlFile):
    """One file of ``db/``; ``creates`` are the objects that its replay leaves behind."""

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
        """Of all of ``db/``: names and contents, whatever the order of replay."""
        return digest("".join(sorted(f"{file.name}.sql {file.digest}\n" for file in self.db)))


def default_roots() -> Roots:
    """The SQL beside the package in a checkout, inside it in an installed wheel."""
    package = Path(__file__).parent.parent
    installed = package / "_sql"
    top = installed if installed.is_dir() else package.parent
    return Roots(migrations=top / "migrations", db=top / "db", engine=_engine())


def _engine() -> Path:
    """Found without importing it: the web process reads this too, and has no use for the engine."""
    spec = find_spec("procrastinate")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("procrastinate is not installed")
    return Path(spec.origin).parent / "sql"


def read_schema(roots: Roots | None = None) -> Schema:
    """Read all files; a MigrationError names the one that is not as it should be."""
    roots = roots or default_roots()
    for root in (roots.migrations, roots.db):
        if not root.is_dir():
            raise MigrationError(f"There is no directory {root}.", hint="Reinstall pricing-sync.")
    return Schema(
        engine_schema=SqlFile("engine", "engine/schema.sql", _read(roots.engine / "schema.sql")),
        engine_steps=tuple(
            SqlFile(f"engine:{file.name}", f"engine/{file.name}", _read(file))
            for file in _sql_files(roots.engine / "migrations")
        ),
        migrations=tuple(_migration(file) for file in _sql_files(roots.migrations)),
        db=_in_order([_db_file(roots.db, path) for path in sorted(roots.db.rglob("*.sql"))]),
        releases=_releases(roots.migrations / "versions.json"),
    )


def digest(text: str) -> str:
    """SHA-256 in hex. Line ends are ``\\n`` whatever the checkout made of them: see ``_read``."""
    return sha256(text.encode()).hexdigest()


def _read(file: Traversable) -> str:
    return file.read_text(encoding="utf-8").replace("\r\n", "\n")


def _sql_files(root: Traversable) -> list[Traversable]:
    found = [file for file in root.iterdir() if file.name.endswith(".sql")]
    return sorted(found, key=lambda file: file.name)


def _migration(file: Traversable) -> SqlFile:
    if not MIGRATION_NAME.fullmatch(file.name):
        raise MigrationError(
            f"migrations/{file.name} is no name for a migration.",
            hint="Call it YYYYMMDDHHMMSS_words.sql.",
        )
    name = f"migrations/{file.name}"
    return SqlFile(name, name, _read(file))


def _db_file(root: Path, path: Path) -> DbFile:
    place = path.relative_to(root).as_posix()
    text = _read(path)
    kind: Kind
    creates: tuple[str, ...] = (path.stem,)
    match place.split("/"):
        case ["roles.sql" | "engine.sql"]:
            kind, creates = "before", ()
        case [_]:
            kind, creates = "after", ()
        case ["functions", _] | ["functions", _, _]:
            kind = "function"
        case ["views", _]:
            kind = "view"
        case ["triggers", _]:
            kind = "trigger"
            creates = tuple(CREATED_TRIGGER.findall(COMMENT.sub("", text)))
        case _:
            raise MigrationError(
                f"db/{place} is at no place that is replayed.",
                hint="Put it into db/, db/functions/[<subject>/], db/views/ or db/triggers/.",
            )
    # The subject that a function stands under is for people: a file may be moved without a replay.
    name = f"db/functions/{path.stem}" if kind == "function" else f"db/{place.removesuffix('.sql')}"
    return DbFile(name, f"db/{place}", text, kind, creates)


def _in_order(found: list[DbFile]) -> tuple[DbFile, ...]:
    """roles, engine, functions, views, triggers, the rest, access; ``-- after:`` moves one back."""

    def place(file: DbFile) -> tuple[int, bool, str]:
        kinds: list[Kind] = ["before", "function", "view", "trigger", "after"]
        late = file.path in ("db/engine.sql", "db/access.sql")
        return kinds.index(file.kind), late, file.name

    waiting = sorted(found, key=place)
    for first, second in pairwise(sorted(found, key=lambda file: file.name)):
        if first.name == second.name:
            raise MigrationError(f"{first.path} and {second.path} have one name in the ledger.")
    names = {name for file in waiting if file.kind in ("function", "view") for name in file.creates}
    for file in waiting:
        unknown = [name for name in file.after if name not in names]
        if unknown:
            raise MigrationError(f"{file.path}: there is no {unknown[0]} to come after.")
    open_names = set(names)
    ordered: list[DbFile] = []
    while waiting:
        for file in waiting:
            if open_names.isdisjoint(file.after):
                break
        else:
            circle = ", ".join(file.path for file in waiting if file.after)
            raise MigrationError(f"These come after each other in a circle: {circle}.")
        waiting.remove(file)
        ordered.append(file)
        if file.kind in ("function", "view"):
            open_names.difference_update(file.creates)
    return tuple(ordered)


def _releases(path: Path) -> dict[str, Release]:
    if not path.is_file():
        return {}
    listed: dict[str, ReleaseEntry] = json.loads(path.read_text(encoding="utf-8"))
    return {
        version: Release(
            migrations=_names("migrations/", entry["migrations"]),
            engine=_names("engine:", entry["engine"]),
        )
        for version, entry in listed.items()
    }


def _names(prefix: str, listed: Iterable[str]) -> frozenset[str]:
    return frozenset(prefix + name for name in listed)
