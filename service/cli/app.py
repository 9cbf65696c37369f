"""The command-line application: all commands, in the order of the help."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from service import __version__
from service.cli.doctor import doctor
from service.cli.drift import drift, unpriced
from service.cli.held import approve, held, reject
from service.cli.keys import keys
from service.cli.migration import migrate
from service.cli.overrides import override
from service.cli.prices import history, models, price_at
from service.cli.processes import config, serve, up, worker
from service.cli.rollback import rollback
from service.cli.rules import accept, accept_shorter_list_command, end_rule_command, rules
from service.cli.syncs import cancel, cleanup, retry, status, sync
from service.cli.uninstall import uninstall
from service.terminal.output import Terminal


def _print_version(wanted: bool) -> None:
    if wanted:
        Terminal(sys.stdout).say(f"pricing-sync {__version__}")
        raise typer.Exit


def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Log at DEBUG; print tracebacks.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version."
        ),
    ] = False,
) -> None:
    """The prices of LLM providers, with their full history, in your own Postgres."""
    context.obj.debug = debug
    if debug:
        os.environ["PRICING_LOG_LEVEL"] = "DEBUG"


app = typer.Typer(
    callback=options,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for name, command in (
    ("up", up),
    ("migrate", migrate),
    ("uninstall", uninstall),
    ("serve", serve),
    ("worker", worker),
    ("config", config),
    ("doctor", doctor),
    ("sync", sync),
    ("status", status),
    ("cancel", cancel),
    ("retry", retry),
    ("cleanup", cleanup),
    ("models", models),
    ("history", history),
    ("price-at", price_at),
    ("held", held),
    ("approve", approve),
    ("reject", reject),
    ("accept", accept),
    ("rules", rules),
    ("end-rule", end_rule_command),
    ("accept-shorter-list", accept_shorter_list_command),
    ("rollback", rollback),
    ("drift", drift),
    ("unpriced", unpriced),
):
    app.command(name)(command)
app.add_typer(override)
app.add_typer(keys)
