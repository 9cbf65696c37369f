"""The command ``status``: jobs, or one job with its providers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any

import psycopg
import typer

from service.calls.jobs import read_waiting
from service.cli.command_lists import SYNCS
from service.cli.completion import complete_jobs
from service.cli.job_tables import show_jobs
from service.cli.list_output import ListOutput
from service.cli.list_rows import read_list
from service.cli.options import Json, OfProvider
from service.cli.provider_names import require_providers
from service.cli.queries import Row, command_connection, find_job
from service.cli.syncs import print_job, read_whole_job
from service.terminal.output import Terminal
from service.terminal.progress import tell_waiting

LAST_JOBS = 10
NO_JOB = "No job yet: `pricing-sync sync` triggers one."


def status(
    job: Annotated[
        str | None,
        typer.Argument(
            metavar="JOB",
            help="The job's id, or its first 8 digits or more.",
            autocompletion=complete_jobs,
        ),
    ] = None,
    provider: OfProvider = None,
    failed: Annotated[
        bool,
        typer.Option("--failed", help="Only jobs in which a provider failed, or that --provider."),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            min=1,
            max=1_000_000,
            help="Print at most this many jobs that have ended. Default: "
            f"{LAST_JOBS} in a table, all as JSON.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show jobs, or one job with its providers.

    Without JOB: all that are queued or running, and the last that have ended, with their errors.
    "held" counts the models whose new price waits for review.
    """
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        if job is not None:
            if provider or failed or limit:
                raise typer.BadParameter("A JOB goes without --provider, --failed and --limit.")
            print_job(output, *read_whole_job(connection, find_job(connection, job)), as_json)
            return
        require_providers(connection, [provider] if provider is not None else [])
        output_of_list = ListOutput(limit or (None if as_json else LAST_JOBS), as_json=as_json)
        is_filtered = failed or provider is not None
        open_jobs = [] if failed else list(_read(connection, {"open": "yes", "provider": provider}))
        output_of_list.print(
            chain(open_jobs, _ended_jobs(connection, provider, failed, output_of_list.rows_wanted)),
            show_jobs,
            nothing="No job fits." if is_filtered else NO_JOB,
            uncounted=len(open_jobs),
        )
        if not as_json:
            tell_waiting(output, read_waiting(connection))


def _ended_jobs(
    connection: psycopg.Connection, provider: str | None, failed: bool, limit: int | None
) -> Iterator[Row]:
    ended: dict[str, Any] = {"ended": "yes"}
    if failed and provider is not None:
        ended["failed_provider"] = provider
    else:
        ended |= {"provider": provider, "failed": "yes" if failed else None}
    return _read(connection, ended, limit)


def _read(
    connection: psycopg.Connection, values: dict[str, Any], limit: int | None = None
) -> Iterator[Row]:
    """Newest first. Seconds are a number, as for one job."""
    for job in read_list(connection, SYNCS, values, limit=limit):
        seconds = job["duration_seconds"]
        yield {**job, "duration_seconds": None if seconds is None else float(seconds)}
