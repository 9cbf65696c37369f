"""The command ``uninstall``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from service.cli.options import Json
from service.cli.queries import command_settings
from service.errors import UsageError
from service.terminal.output import Terminal


def uninstall(
    keep: Annotated[
        bool,
        typer.Option(
            "--keep-prices",
            help="Keep the prices and their history (model_pricing, model_pricing_history).",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Remove pricing-sync and its data from the database.

    Lists what goes, and asks first. Refuses while a web process or worker runs, or while something
    of yours in the database depends on it.
    """
    from service.migrations.removal.uninstall import planned_uninstall, uninstall

    output = Terminal(sys.stdout)
    notes = Terminal(sys.stderr) if as_json else output
    url = command_settings().require_database_url()
    plan = planned_uninstall(url, keep=keep)
    notes.say("To be dropped:")
    for name in plan.dropped:
        notes.say(f"  {name}")
    for name in plan.kept:
        notes.say(f"Kept: table {name}.")
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(
                "Nothing was dropped: there is no terminal to ask on.",
                hint="Pass --yes to drop it.",
            )
        if not typer.confirm("Drop all of it?", err=True):
            raise typer.Exit(1)
    result = uninstall(url, keep=keep)
    if as_json:
        output.json(result)
        return
    output.say(f"{len(result.dropped)} objects are dropped.")
    for sentence in result.left:
        output.say(f"Note: {sentence}.")
