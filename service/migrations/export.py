"""``pricing-sync migrate --export``: write the SQL file that does what ``migrate`` would."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from service import __version__
from service.errors import MigrationError
from service.migrations.ledger import LEDGER
from service.migrations.schema import ReleaseEntry, Roots
from service.migrations.schema_files import read_schema
from service.migrations.steps.step_list import export_steps

STAMP = "%Y%m%d%H%M%S"


def export(directory: Path, *, from_version: str | None = None, roots: Roots | None = None) -> Path:
    """Write one SQL file, newer than any in ``directory``, with what ``migrate`` would apply.

    ``from_version`` leaves out what that release had applied. The file can be run twice, by psql,
    by ``supabase db push`` or in the SQL editor; ``migrate`` before or after it changes nothing.
    """
    schema = read_schema(roots)
    if from_version is not None and from_version not in schema.releases:
        known = ", ".join(schema.releases) or "none yet"
        raise MigrationError(
            f"{from_version} is no released version.", hint=f"Released versions: {known}."
        )
    if not directory.is_dir():
        raise MigrationError(f"{directory} is no directory.", hint="Make it, or name another.")
    since = schema.releases[from_version] if from_version else None
    base = f"a database of version {from_version}" if from_version else "an empty database"
    head = (
        f"-- pricing-sync {__version__}: everything that {base} lacks.\n"
        f"-- Each block asks {LEDGER} whether it is wanted: running this twice changes nothing.\n"
    )
    blocks = [f"-- {step.name}\n{step.sql}" for step in export_steps(schema, since)]
    path = directory / f"{_next_stamp(directory)}_pricing_sync_{__version__}.sql"
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write("\n".join([head, *blocks]))
    return path


def release_entry(roots: Roots | None = None) -> ReleaseEntry:
    """This version's entry for ``migrations/versions.json``."""
    schema = read_schema(roots)
    return {
        "migrations": {
            file.name.removeprefix("migrations/"): file.digest for file in schema.migrations
        },
        "engine": [step.name.removeprefix("engine:") for step in schema.engine_steps],
    }


def _next_stamp(directory: Path) -> str:
    """Now in UTC, or one second after the newest file."""
    now = datetime.now(UTC).strftime(STAMP)
    stamps = [match[0] for path in directory.iterdir() if (match := re.match(r"\d{14}", path.name))]
    newest = max(stamps, default="")
    if newest < now:
        return now
    try:
        return (datetime.strptime(newest, STAMP) + timedelta(seconds=1)).strftime(STAMP)
    except ValueError:
        return str(int(newest) + 1)
