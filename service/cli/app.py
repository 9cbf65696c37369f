"""The command-line application: its options and the end of its help; the commands are in
``command_table``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from service import __version__
from service.cli.grouped_help import GroupedHelp


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pricing-sync {__version__}")
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
    """The prices of LLM providers, with their full history, in your own Postgres.

    A job is one request to sync, with one sync for each provider. Commands use the database of
    DATABASE_URL, or without it that of a running `up`; `config` shows which. `serve` and `worker`
    may have addresses of their own.
    """
    context.obj.debug = debug
    if debug:
        os.environ["PRICING_LOG_LEVEL"] = "DEBUG"


# Paragraphs after \b keep their lines.
EPILOG = """
What is going on?

\b
What runs         watch shows it live; status lists jobs.
Why a sync failed status --failed, then status JOB; providers.
What changed      changes --since today.
A past price      price-at PROVIDER MODEL 2026-11-27; history PROVIDER MODEL.
Stale prices      models --stale; providers shows whose syncs fail.

Prices look wrong?

\b
Which             changes --since today shows what changed;
One price         history PROVIDER MODEL shows what set it;
                  override set PROVIDER MODEL --input USD ... corrects it.
Many, of one job  rollback JOB --dry-run shows what the job changed;
                  rollback JOB undoes it.
An old price      held shows the changes that wait; approve or reject them.
No price          unpriced says why; sync PROVIDER --watch fetches the list.
Old everywhere    doctor checks workers and providers; status shows jobs.
Doubtful          drift compares providers with reference prices.
"""

app = typer.Typer(
    cls=GroupedHelp,
    callback=options,
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
