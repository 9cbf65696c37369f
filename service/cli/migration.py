"""The command ``migrate``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service import __version__
from service.cli.migration_tables import show_repairs, show_state, show_steps
from service.cli.options import Json
from service.cli.queries import command_settings
from service.cli.streams import log_to_stderr
from service.settings import Settings
from service.terminal.output import Terminal

if TYPE_CHECKING:
    from service.database_address.address import DatabaseAddress
    from service.migrations.migrate import MigrateResult


def migrate(
    status: Annotated[
        bool, typer.Option("--status", help="Show what is applied; change nothing.")
    ] = False,
    directory: Annotated[
        Path | None,
        typer.Option("--export", metavar="DIR", help="Write one SQL file into DIR instead."),
    ] = None,
    from_version: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="VERSION", help="With --export: for a database of that release."
        ),
    ] = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="First make dropped objects again; with --status, only show them."
        ),
    ] = False,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="First move objects of another system that have our names to the schema "
            "pricing_legacy; then copy price history that fits.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Set the database up, or upgrade it to this version.

    Safe to repeat. Refuses objects of another system that have the same names, and changes nothing
    then; see --adopt.
    """
    from service.migrations.export import export
    from service.migrations.migrate import migrate as migrate_database
    from service.migrations.restored_objects import state_differences
    from service.migrations.status import migration_status

    if status and directory:
        raise typer.BadParameter("--status and --export do not go together.")
    if repair and directory:
        raise typer.BadParameter("--repair and --export do not go together.")
    if adopt and (directory or status or repair):
        raise typer.BadParameter("--adopt goes with no other option but --json.")
    if from_version and not directory:
        raise typer.BadParameter("--from needs --export.")
    output = Terminal(sys.stdout)
    if directory:
        path = export(directory, from_version=from_version)
        output.json({"file": str(path)}) if as_json else output.say(str(path))
        return
    settings = command_settings()
    address = settings.require_database_url()
    if adopt:
        _adopt(settings, address, output, as_json=as_json)
        return
    if repair:
        _repair(settings, address, output, only_show=status, as_json=as_json)
        return
    if status:
        steps = migration_status(address)
        is_current = all(step.state in ("applied", "unknown") for step in steps)
        if not as_json:
            show_steps(output, steps)
        differences = state_differences(address) if is_current else []
        if as_json:
            output.json([*steps, *differences])
        else:
            show_state(output, differences)
        return
    log_to_stderr(settings)
    result = migrate_database(address)
    if as_json:
        output.json(result)
        return
    _show_result(output, result)


def _show_result(output: Terminal, result: MigrateResult) -> None:
    if result.applied:
        output.say(f"{len(result.applied)} steps applied.")
    for sentence in result.mended:
        output.say(f"Restored: {sentence}.")
    if not result.applied and not result.mended:
        output.say(f"The database is at version {__version__} already: nothing to do.")
    if result.advice:
        output.say("A superuser could still run:")
        for statement in result.advice:
            output.say(f"  {statement}")
    # Without differences that the advice has named.
    show_state(output, [each for each in result.differences if each.statement not in result.advice])


def _adopt(
    settings: Settings, address: DatabaseAddress, output: Terminal, *, as_json: bool
) -> None:
    from service.migrations.adoption.adopt import adopt

    log_to_stderr(settings)
    result = adopt(address)
    if as_json:
        output.json(result)
        return
    for sentence in result.moved:
        output.say(f"Moved: {sentence}.")
    _show_result(output, result.migrated)
    output.say(f"{result.copied} rows of the older price history were copied, marked legacy.")
    for sentence in result.left:
        output.say(f"Left: {sentence}.")


def _repair(
    settings: Settings,
    address: DatabaseAddress,
    output: Terminal,
    *,
    only_show: bool,
    as_json: bool,
) -> None:
    """Exit status 1 when an object could not be made again."""
    from service.migrations.repair.repair_run import planned_repairs, repair

    planned = planned_repairs(address)
    if not as_json:
        show_repairs(output, planned)
    if only_show:
        if as_json:
            output.json(planned)
        return
    log_to_stderr(settings)
    result = repair(address)
    if as_json:
        output.json(result)
    else:
        for sentence in result.repaired:
            output.say(f"Repaired: {sentence}.")
        for sentence in result.lost:
            output.say(f"Note: {sentence}.")
        _show_result(output, result.migrated)
        for sentence in result.refused:
            output.say(f"Not repaired: {sentence}.")
    if result.refused:
        raise typer.Exit(1)
