"""The command-line application: all commands, in the groups and the order of the help."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from service import __version__
from service.cli.bench import bench
from service.cli.cost import cost
from service.cli.doctor import doctor
from service.cli.drift import drift, unpriced
from service.cli.grouped_help import GroupedHelp
from service.cli.held import approve, held, reject, reopen
from service.cli.job_status import status
from service.cli.keys import keys
from service.cli.migration import migrate
from service.cli.overrides import override
from service.cli.prices import changes, history, models, price_at
from service.cli.processes import config, database_url_command, serve, up, worker
from service.cli.providers import providers
from service.cli.rollback import rollback
from service.cli.rules import accept, accept_shorter_list_command, end_rule_command, rules
from service.cli.syncs import cancel, cleanup, retry, sync
from service.cli.uninstall import uninstall
from service.cli.watch import watch
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
LOOK, REVIEW, CORRECT = "Look at prices", "Review changes", "Correct prices"
SYNC, RUN = "Sync", "Install and run"
for group, name, command in (
    (LOOK, "models", models),
    (LOOK, "history", history),
    (LOOK, "changes", changes),
    (LOOK, "price-at", price_at),
    (LOOK, "cost", cost),
    (LOOK, "drift", drift),
    (LOOK, "unpriced", unpriced),
    (REVIEW, "held", held),
    (REVIEW, "approve", approve),
    (REVIEW, "reject", reject),
    (REVIEW, "reopen", reopen),
    (REVIEW, "accept", accept),
    (REVIEW, "rules", rules),
    (REVIEW, "end-rule", end_rule_command),
    (REVIEW, "accept-shorter-list", accept_shorter_list_command),
    (CORRECT, "rollback", rollback),
    (SYNC, "sync", sync),
    (SYNC, "status", status),
    (SYNC, "watch", watch),
    (SYNC, "cancel", cancel),
    (SYNC, "retry", retry),
    (SYNC, "cleanup", cleanup),
    (RUN, "up", up),
    (RUN, "migrate", migrate),
    (RUN, "serve", serve),
    (RUN, "worker", worker),
    (RUN, "doctor", doctor),
    (RUN, "config", config),
    (RUN, "database-url", database_url_command),
    (RUN, "uninstall", uninstall),
    (RUN, "bench", bench),
):
    app.command(name, rich_help_panel=group)(command)
app.add_typer(providers, rich_help_panel=SYNC)
app.add_typer(override, rich_help_panel=CORRECT)
app.add_typer(keys, rich_help_panel=RUN)
