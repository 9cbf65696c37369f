"""The commands that set up and run: ``up``, ``migrate``, ``serve``, ``worker``, ``config``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service import __version__
from service.cli.options import Json
from service.cli.queries import command_settings
from service.cli.tables import show_config, show_repairs, show_state, show_steps
from service.errors import SettingsError
from service.settings import Settings, read_settings, shown_settings
from service.terminal.output import Terminal

if TYPE_CHECKING:
    from service.database_address.address import DatabaseAddress
    from service.migrations.migrate import MigrateResult

WithParent = Annotated[bool, typer.Option("--with-parent", hidden=True)]


def up(
    once: Annotated[
        bool, typer.Option("--once", help="Exit after the first sync, 0 if any provider succeeded.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON, the rest on stderr.")
    ] = False,
) -> None:
    """Run everything on this machine, until Ctrl-C.

    A database (embedded, unless DATABASE_URL names one), migrations, the web process, a worker,
    and a first sync of all providers.
    """
    from service.up.command import up

    raise typer.Exit(up(read_settings(), once=once, as_json=as_json))


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
    """Bring the database to this version."""
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
    _log_to_stderr(settings)
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

    _log_to_stderr(settings)
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
    _log_to_stderr(settings)
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


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port.")] = None,
    with_parent: WithParent = False,
) -> None:
    """Run the web process until SIGTERM."""
    settings = _start_process(with_parent)
    if settings.web_database_url is None:
        settings.require_database_url()
    from service.web.app import serve

    options = {"host": host, "port": port}
    serve(settings.model_copy(update={k: v for k, v in options.items() if v is not None}))


def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=64, help="Provider syncs at once.")
    ] = None,
    with_parent: WithParent = False,
) -> None:
    """Run a worker until SIGTERM.

    Start any number, on any number of machines: they share the queue in Postgres.
    """
    settings = _start_process(with_parent)
    if settings.worker_database_url is None:
        settings.require_database_url()
    import asyncio

    from service.worker import app as worker_app

    async def run() -> None:
        chosen = {} if concurrency is None else {"concurrency": concurrency}
        async with worker_app.open_async():
            await worker_app.run_worker_async(**chosen)

    asyncio.run(run())


def config(as_json: Json = False) -> None:
    """Show every setting and what it means.

    Secrets are hidden.
    """
    output = Terminal(sys.stdout)
    try:
        settings = command_settings()
    except SettingsError:
        # A wrong value is best corrected with the meanings at hand.
        if not as_json:
            show_config(output, shown_settings(Settings()))
        raise
    rows = shown_settings(settings)
    output.json(rows) if as_json else show_config(output, rows)


def _start_process(with_parent: bool) -> Settings:
    """Configure the log, and end with the parent process if ``up`` started this one."""
    settings = command_settings()
    _log_to_stderr(settings)
    if with_parent:
        from service.up.children import end_with_parent

        end_with_parent()
    if settings.database_url is not None:
        # The worker's connector reads the environment itself.
        os.environ["DATABASE_URL"] = settings.database_url.url()
        os.environ.pop("DATABASE_URL_FILE", None)
    return settings


def _log_to_stderr(settings: Settings) -> None:
    from service.logs import configure_logging

    configure_logging(settings)
