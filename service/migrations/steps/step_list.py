"""The steps that bring a database to this version, for ``migrate`` and ``migrate --export``.

Every step takes the lock, asks the ledger whether it is needed, does its work and records itself,
all in one statement: it may be sent twice, by two processes, by psql or by the SQL editor, alone or
together with the others in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.migrations.do_block import do_block
from service.migrations.ledger import LEDGER, LEDGER_TABLE
from service.migrations.migrate_lock import TAKE_LOCK
from service.migrations.schema import Release, Schema, SqlFile
from service.migrations.steps.engine_install import engine_install, engine_upgrade
from service.migrations.steps.migration_block import migration_block
from service.migrations.steps.name_check import name_check
from service.migrations.steps.replay import replay
from service.migrations.steps.table_check import table_check

NOTHING = Release(migrations=frozenset(), engine=frozenset())


@dataclass(frozen=True)
class Step:
    """``name``: in logs and results. ``sql``: one statement."""

    name: str
    sql: str


def all_steps(schema: Schema) -> list[Step]:
    """Every step that an empty database or one of an older version needs."""
    return _steps(schema, NOTHING, schema.engine_steps)


def export_steps(schema: Schema, since: Release | None) -> list[Step]:
    """The steps that a database of release ``since`` lacks; None: an empty one, or any release."""
    if since is not None:
        engine_steps = [step for step in schema.engine_steps if step.name not in since.engine]
        return _steps(schema, since, engine_steps)
    # A database of a release has the engine: it skips the schema file, and may lack newer steps.
    engine_steps = [
        step
        for step in schema.engine_steps
        if any(step.name not in release.engine for release in schema.releases.values())
    ]
    return _steps(schema, NOTHING, engine_steps)


def _steps(schema: Schema, since: Release, engine_steps: Iterable[SqlFile]) -> list[Step]:
    engine_end = "".join(file.text for file in schema.db if file.path == "db/engine.sql")
    needed = since.migrations | since.engine
    steps = [Step("check", name_check(schema, needed)), Step("tables", table_check(schema))]
    if not needed:
        steps.append(Step("ledger", LEDGER_BLOCK))
        steps.append(Step("engine", engine_install(schema, engine_end)))
    steps += [Step(step.name, engine_upgrade(step, engine_end)) for step in engine_steps]
    steps += [
        Step(file.name, migration_block(file))
        for file in schema.migrations
        if file.name not in since.migrations
    ]
    steps.append(Step("db", replay(schema)))
    return steps


# Row level security at once: where the schema public is exposed, so are default grants.
LEDGER_BLOCK = do_block(
    f"""
begin
    {TAKE_LOCK}
    if to_regclass('{LEDGER}') is not null then
        return;
    end if;
    {LEDGER_TABLE.strip()};
    alter table {LEDGER} enable row level security;
    comment on table {LEDGER} is
        'What migrate has applied: engine steps, migrations, and db/ as one unit with its objects.';
    comment on column {LEDGER}.name is
        'An engine step or a migration by its file name, or a file of db/ by its path without '
        'the folders by subject.';
    comment on column {LEDGER}.digest is 'SHA-256 of the text that was applied.';
    comment on column {LEDGER}.applied_at is 'When it was applied.';
end
"""
)
