"""The command-line application: all commands, in the order of the help."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from service import __version__
from service.cli.doctor import doctor
from service.cli.prices import history, models
from service.cli.processes import config, migrate, serve, up, worker
from service.cli.syncs import cancel, retry, status, sync
from service.terminal import Terminal


def _print_version(wanted: bool) -> None:
    if wanted:
        Terminal(sys.stdout).say(f"pricing-sync {__version__}")
        raise typer.Exit


def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error was.")] = False,
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
for command in (
    up,
    migrate,
    serve,
    worker,
    config,
    doctor,
    sync,
    status,
    cancel,
    retry,
    models,
    history,
):
    app.command()(command)
