"""Read what this version needs in a database: the engine, ``migrations/`` and ``db/``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from service.errors import MigrationError
from service.migrations.schema import (
    COMMENT,
    CREATED_TRIGGER,
    DbFile,
    Kind,
    Release,
    ReleaseEntry,
    Roots,
    Schema,
    SqlFile,
)

MIGRATION_NAME = re.compile(r"\d{14}_[a-z0-9_]+\.sql")


def default_roots() -> Roots:
    """The SQL beside the package in a checkout, inside it in an installed wheel."""
    package = Path(__file__).parent.parent
    installed = package / "_sql"
    top = installed if installed.is_dir() else package.parent
    return Roots(migrations=top / "migrations", db=top / "db", engine=_engine())


def _engine() -> Path:
    """Found without importing the engine, which the web process does not need."""
    spec = find_spec("procrastinate")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("procrastinate is not installed")
    return Path(spec.origin).parent / "sql"


def read_schema(roots: Roots | None = None) -> Schema:
    """Read all files; a MigrationError names the first that is invalid."""
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


def _read(file: Traversable) -> str:
    return file.read_text(encoding="utf-8").replace("\r\n", "\n")


def _sql_files(root: Traversable) -> list[Traversable]:
    found = [file for file in root.iterdir() if file.name.endswith(".sql")]
    return sorted(found, key=lambda file: file.name)


def _migration(file: Traversable) -> SqlFile:
    if not MIGRATION_NAME.fullmatch(file.name):
        raise MigrationError(
            f"migrations/{file.name} is not a valid name of a migration.",
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
                f"db/{place} is in no directory that is replayed.",
                hint="Put it into db/, db/functions/[<subject>/], db/views/ or db/triggers/.",
            )
    # Without the subject's folder, so that moving a function's file causes no replay.
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
            raise MigrationError(f"{file.path} comes after {unknown[0]}, which does not exist.")
    open_names = set(names)
    ordered: list[DbFile] = []
    while waiting:
        for file in waiting:
            if open_names.isdisjoint(file.after):
                break
        else:
            circle = ", ".join(file.path for file in waiting if file.after)
            raise MigrationError(f"These files need each other in a circle: {circle}.")
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
