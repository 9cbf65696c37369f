"""``pricing-sync migrate``: bring a database to this version, or write a file that does."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar

import psycopg

from service import __version__
from service.database_address.address import DatabaseAddress
from service.errors import DatabaseUnavailable, ForeignRelations, MigrationError
from service.migrations.blocks import LEDGER, LOCK_KEY, REFUSED, TAKE_LOCK, UNFIT, block
from service.migrations.kept_prices import KEPT, set_aside, take_up
from service.migrations.parts import Part, all_parts, export_parts
from service.migrations.replay import MEMBER_ROLES, ROLES, replay
from service.migrations.schema import ReleaseEntry, Roots, Schema, read_schema
from service.migrations.schema_state import (
    MISSING,
    Difference,
    mending_statements,
    read_differences,
)
from service.migrations.temporary_objects import IN_THE_WAY, advice_on_temporary_objects
from service.postgres.connect import connect, is_lost
from service.postgres.sql_text import fill
from service.postgres.sqlstates import (
    DEADLOCK,
    DEPENDENT_OBJECTS,
    INSUFFICIENT_PRIVILEGE,
    LOCK_TIMEOUT,
    SERIALIZATION_FAILURE,
)

logger = logging.getLogger(__name__)

# A block that met one of these has changed nothing, and may go through the next time: deadlock,
# serialization failure, and two databases of one server changing its roles at the same moment.
CONTENTION = {DEADLOCK, SERIALIZATION_FAILURE, "XX000"}
TRIES = 5


T = TypeVar("T")

STAMP = "%Y%m%d%H%M%S"


@dataclass(frozen=True)
class MigrateResult:
    """``applied``: the parts that this run applied. ``advice``: what a superuser could run.

    ``mended``: what differed from the release and was put right. ``differences``: what differs
    still, with the statement for it.
    """

    applied: tuple[str, ...]
    advice: tuple[str, ...]
    mended: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class PartStatus:
    """``changed``: applied with another text. ``unknown``: this version has no such part."""

    name: str
    state: Literal["applied", "pending", "changed", "unknown"]
    applied_at: datetime | None


@dataclass(frozen=True)
class LedgerRow:
    digest: str
    applied_at: datetime


def migrate(address: DatabaseAddress | str, *, roots: Roots | None = None) -> MigrateResult:
    """Apply what the database lacks, part by part, each in a transaction of its own.

    Safe twice, from several places at once, and after a run that was killed. Raises
    ForeignRelations, MigrationError or DatabaseUnavailable; a failing part leaves nothing behind.
    """
    schema = read_schema(roots)
    with connect(address, autocommit=True) as connection:
        # A snapshot from before the lock would not see what its last holder did.
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        ledger = read_ledger(connection)
        refuse_other_login(connection)
        refuse_other_history(schema, ledger)
        if not ledger:
            _in_transaction(connection, "kept prices", set_aside)
        applied = tuple(
            part.name
            for part in all_parts(schema)
            if part.name not in ledger.keys() & {step.name for step in schema.engine_steps}
            and _apply(connection, part)
        )
        mended, left = _mend(connection, schema)
        if "db" in applied and KEPT[0] in _relations(schema):
            mended += tuple(_in_transaction(connection, "kept prices", take_up) or ())
        return MigrateResult(applied, _advice(connection), mended, left)


def _relations(schema: Schema) -> set[str]:
    return {name for file in schema.migrations for name in file.relations()}


def _in_transaction(
    connection: psycopg.Connection, part: str, act: Callable[[psycopg.Connection], T]
) -> T:
    """Holding the lock; a failure leaves nothing behind."""
    try:
        with connection.transaction():
            take_lock(connection)
            return act(connection)
    except psycopg.Error as error:
        raise failure(part, error, advice_on(connection, error)) from error


def state_differences(
    address: DatabaseAddress | str, *, roots: Roots | None = None
) -> list[Difference]:
    """How the database differs from this release beside its ledger; changes nothing."""
    with connect(address, autocommit=True) as connection:
        refuse_other_login(connection)
        return _differences(connection, read_schema(roots))


def migration_status(
    address: DatabaseAddress | str, *, roots: Roots | None = None
) -> list[PartStatus]:
    """Every part of this version, and what else the ledger has, in order; changes nothing."""
    with connect(address, autocommit=True) as connection:
        return part_statuses(connection, roots=roots)


def part_statuses(
    connection: psycopg.Connection, *, roots: Roots | None = None
) -> list[PartStatus]:
    """``migration_status`` on a connection that is there already."""
    schema = read_schema(roots)
    ledger = read_ledger(connection)
    wanted = _digests(schema)
    parts = [_status(name, digest, ledger.get(name)) for name, digest in wanted.items()]
    unknown = [name for name in sorted(ledger) if name not in wanted and not _is_db_object(name)]
    return parts + [PartStatus(name, "unknown", ledger[name].applied_at) for name in unknown]


def missing_parts(rows: Iterable[tuple[str, str]], *, roots: Roots | None = None) -> list[str]:
    """The parts that this version needs and a ledger lacks; rows are its (name, digest).

    A database that a newer version has migrated lacks nothing: old workers go on beside it.
    """
    schema = read_schema(roots)
    known = dict(rows)
    wanted = _digests(schema)
    newer = any(name not in wanted and not _is_db_object(name) for name in known)
    missing = []
    for name, digest in wanted.items():
        # Its text may differ between two releases of the engine that need the same steps.
        same = name in known if name.startswith("engine:") else known.get(name) == digest
        if not same and not (newer and name == "db" and name in known):
            missing.append(name)
    return missing


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
    blocks = [f"-- {part.name}\n{part.sql}" for part in export_parts(schema, since)]
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


def _digests(schema: Schema) -> dict[str, str]:
    files = (*schema.engine_steps, *schema.migrations)
    return {**{file.name: file.digest for file in files}, "db": schema.db_digest}


def _is_db_object(name: str) -> bool:
    return name.startswith("db/")


def _some(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _status(name: str, digest: str, row: LedgerRow | None) -> PartStatus:
    if row is None:
        return PartStatus(name, "pending", None)
    same = row.digest == digest or name.startswith("engine:")
    return PartStatus(name, "applied" if same else "changed", row.applied_at)


def read_ledger(connection: psycopg.Connection) -> dict[str, LedgerRow]:
    """Empty when there is none, or a table of somebody else's; the first part looks into that."""
    columns = connection.execute(
        "select count(*) from pg_catalog.pg_attribute where attrelid = to_regclass(%s)"
        " and attname in ('name', 'digest', 'applied_at')",
        [LEDGER],
    ).fetchone()
    if columns != (3,):
        return {}
    try:
        rows = connection.execute(
            fill(
                "select name, digest, applied_at from {ledger}",
                ledger=LEDGER,
            ).encode()
        ).fetchall()
    except psycopg.errors.InsufficientPrivilege as error:
        raise failure("ledger", error) from error
    return {name: LedgerRow(digest, applied_at) for name, digest, applied_at in rows}


def refuse_other_login(connection: psycopg.Connection) -> None:
    """A login that does not have the owner's rights, such as the web process's or a worker's.

    To it most objects look as if they were none of ours, and a statement that mends that for it
    would take away the border between it and the owner.
    """
    row = connection.execute(
        """
        select current_user::text, pg_get_userbyid(ledger.relowner)::text
        from pg_catalog.pg_class ledger
        left join pg_catalog.pg_roles r on r.rolname = 'pricing_owner'
        where ledger.oid = to_regclass(%s)
            and not pg_has_role(ledger.relowner, 'usage')
            and not coalesce(pg_has_role(r.oid, 'usage'), false)
        """,
        [LEDGER],
    ).fetchone()
    if row is not None:
        raise MigrationError(
            f"{row[0]} has not the rights of {row[1]}, to whom pricing-sync's tables belong.",
            hint="Put the login that ran the first migrate into DATABASE_URL, or a superuser's.",
        )


def refuse_other_history(schema: Schema, ledger: dict[str, LedgerRow]) -> None:
    """An edited migration, or a database that a newer version has migrated."""
    wanted = _digests(schema)
    for file in schema.migrations:
        if file.name in ledger and ledger[file.name].digest != file.digest:
            raise MigrationError(
                f"{file.name} was applied with another text.",
                hint="A released migration is never edited: undo that, and write a new one.",
            )
    newer = [name for name in sorted(ledger) if name not in wanted and not _is_db_object(name)]
    if newer:
        raise MigrationError(
            f"The database was migrated by a newer version: {_some(newer)} is not known here.",
            hint=f"This is pricing-sync {__version__}: install the newer one.",
        )


def _apply(connection: psycopg.Connection, part: Part) -> bool:
    """Run one block; True when it changed anything."""
    for attempt in range(1, TRIES + 1):
        try:
            with connection.transaction():
                take_lock(connection)
                before = read_ledger(connection)
                connection.execute(part.sql.encode())
                changed = read_ledger(connection) != before
        except psycopg.Error as error:
            if error.sqlstate in CONTENTION and attempt < TRIES:
                logger.warning("%s: %s; again", part.name, error.diag.message_primary)
                continue
            raise failure(part.name, error, advice_on(connection, error)) from error
        if changed:
            logger.info("applied %s", part.name)
        return changed
    raise AssertionError("unreachable")


def put_back(connection: psycopg.Connection, schema: Schema, differences: list[Difference]) -> None:
    """Run the statements of what is ours, and replay ``db/`` whatever the ledger says of it."""
    connection.execute("select set_config('search_path', 'procrastinate, pg_temp', true)")
    for statement in mending_statements(schema, differences):
        connection.execute(statement.encode())
    connection.execute(fill("delete from {ledger} where name = 'db'", ledger=LEDGER).encode())
    connection.execute(replay(schema).encode())


def _mend(
    connection: psycopg.Connection, schema: Schema
) -> tuple[tuple[str, ...], tuple[Difference, ...]]:
    """Put right what is ours and differs from the release: what was mended, and what is left."""
    before = _differences(connection, schema)
    if not any(each.is_ours for each in before):
        return (), tuple(before)
    try:
        with connection.transaction():
            take_lock(connection)
            put_back(connection, schema, before)
    except psycopg.Error as error:
        advice = advice_on(connection, error) or _advice_on_missing(before)
        raise failure("db", error, advice) from error
    left = _differences(connection, schema)
    mended = [each.sentence for each in before if each not in left]
    for sentence in mended:
        logger.warning("mended: %s", sentence)
    return tuple(mended), tuple(left)


def _differences(connection: psycopg.Connection, schema: Schema) -> list[Difference]:
    try:
        return read_differences(connection, schema)
    except psycopg.Error as error:
        raise failure("comparison with the release", error) from error


def take_lock(connection: psycopg.Connection) -> None:
    # An API role's statement timeout is far shorter than a wait for another migrate.
    connection.execute("set local statement_timeout = 0")
    row = connection.execute("select pg_try_advisory_xact_lock(%s)", [LOCK_KEY]).fetchone()
    if row != (True,):
        logger.info("another migrate is at work on this database: waiting for it")
        connection.execute(block(f"begin\n    {TAKE_LOCK}\nend").encode())


def advice_on(connection: psycopg.Connection, error: psycopg.Error) -> str | None:
    """What is in the way, where Postgres does not say whose it is."""
    return advice_on_temporary_objects(connection) if error.sqlstate in IN_THE_WAY else None


def _advice_on_missing(differences: Iterable[Difference]) -> str | None:
    """The engine's types and tables, without which a replay fails."""
    statements = [
        each.statement
        for each in differences
        if each.statement is not None
        and not each.is_ours
        and each.object.startswith(("type ", "table ", "column "))
        and each.found == MISSING
    ]
    return f"Run this first, and migrate again: {' '.join(statements)}" if statements else None


def failure(
    part: str, error: psycopg.Error, advice: str | None = None
) -> MigrationError | DatabaseUnavailable:
    said = error.diag.message_primary or str(error).strip()
    if is_lost(error):
        return DatabaseUnavailable(
            f"The database went away during {part}: {said}",
            hint="Nothing of that part was kept. Run `pricing-sync migrate` again.",
        )
    if error.sqlstate == REFUSED:
        kind = ForeignRelations if part == "check" else MigrationError
        return kind(said, hint=error.diag.message_hint)
    if error.sqlstate == UNFIT:
        return MigrationError(said, hint=error.diag.message_hint)
    if error.sqlstate == LOCK_TIMEOUT and (error.diag.message_hint or "").startswith("Nothing was"):
        return MigrationError(said, hint=error.diag.message_hint)
    detail = f" {error.diag.message_detail}" if error.diag.message_detail else ""
    hint = error.diag.message_hint
    if error.sqlstate == INSUFFICIENT_PRIVILEGE:
        hint = "Run it as the user that ran the first migrate, or as a superuser."
    elif error.sqlstate == DEPENDENT_OBJECTS:
        hint = "Drop what depends on it, migrate, and create it again."
    if advice is not None:
        hint = advice
    return MigrationError(f"{_place(part, error.diag)}: {said}{detail}", hint=hint)


def _place(part: str, diagnostic: psycopg.errors.Diagnostic) -> str:
    """The file of ours that failed, with the line when Postgres names a position."""
    query = diagnostic.internal_query or ""
    heading = re.match(r"-- (\S+\.sql)\n", query)
    if heading and diagnostic.internal_position:
        # Minus the heading that names the file.
        line = query.count("\n", 0, int(diagnostic.internal_position) - 1)
        return f"{heading[1]}, line {line}"
    context = diagnostic.context or ""
    files = re.findall(r"^SQL statement \"-- (\S+\.sql)$", context, re.MULTILINE)
    return files[-1] if files else part


def _advice(connection: psycopg.Connection) -> tuple[str, ...]:
    """Statements for a superuser: roles that are missing, or that this user is no member of."""
    new = connection.info.server_version >= 160000
    options = " with inherit true, set true" if new else ""
    rows = connection.execute(
        """
        select r.rolname is null, format('create role %%I nologin;', wanted.name),
            wanted.name = any (%(members)s)
                and (r.oid is null or not pg_has_role(current_user, r.oid, 'usage')),
            format('grant %%I to %%I%%s;', wanted.name, current_user, %(options)s::text)
        from unnest(%(roles)s::text[]) with ordinality as wanted (name, position)
        left join pg_catalog.pg_roles r on r.rolname = wanted.name
        order by wanted.position
        """,
        {"roles": list(ROLES), "members": list(MEMBER_ROLES), "options": options},
    ).fetchall()
    creates = [create for missing, create, _, _ in rows if missing]
    grants = [grant for _, _, outside, grant in rows if outside]
    return (*creates, *grants)


def _next_stamp(directory: Path) -> str:
    """Now in UTC, or one more than the newest file has."""
    now = datetime.now(UTC).strftime(STAMP)
    stamps = [match[0] for path in directory.iterdir() if (match := re.match(r"\d{14}", path.name))]
    newest = max(stamps, default="")
    if newest < now:
        return now
    try:
        return (datetime.strptime(newest, STAMP) + timedelta(seconds=1)).strftime(STAMP)
    except ValueError:
        return str(int(newest) + 1)
