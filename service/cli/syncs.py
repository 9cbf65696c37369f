"""The commands about jobs: ``sync``, ``cancel``, ``retry`` and ``cleanup``."""

from __future__ import annotations

import sys
from typing import Annotated, Literal
from uuid import UUID

import psycopg
import typer

from service.calls.job_actions import cancel_sync, clean_up_stuck_syncs, retry_sync, trigger_sync
from service.calls.jobs import (
    Job,
    ProviderSync,
    follow_job,
    provider_syncs,
    read_job,
    workers_alive,
)
from service.cli.arguments import caller_name
from service.cli.completion import complete_providers
from service.cli.options import LARGEST_INTEGER, JobName, Json, at_most
from service.cli.price_tables import show_differences
from service.cli.provider_names import require_providers
from service.cli.queries import command_connection, command_settings, find_job
from service.database_address.address import DatabaseAddress
from service.postgres.rows import the_row
from service.terminal.output import Terminal, shown_time, without
from service.terminal.progress import Progress, show_summary

NO_WORKER = "No worker is alive: the job waits until one starts (`pricing-sync worker`)."
ENDED_BADLY = ("failed", "cancelled")
WATCH_HELP = (
    "Wait for the end and show the progress. Exit 1 if the job failed, so that no provider "
    "succeeded, or was cancelled; else 0."
)


def sync(
    providers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PROVIDER",
            help="Default: all that are enabled and whose credential a worker has, if they need "
            "one.",
            autocompletion=complete_providers,
        ),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help=WATCH_HELP)] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Fetch and compare; write no price. --watch and `status JOB` show what would "
            "change.",
        ),
    ] = False,
    on_conflict: Annotated[
        Literal["queue", "coalesce", "reject"],
        typer.Option(
            "--on-conflict",
            help="If a provider is queued or running: wait for it, join the waiting job with the "
            "same providers, or fail.",
        ),
    ] = "queue",
    as_json: Json = False,
) -> None:
    """Queue a job, with one sync for each provider.

    Returns at once; a worker runs it. Without a worker it waits until one starts, and fails after
    24 hours.
    """
    output = Terminal(sys.stdout)
    # With --json, progress goes to stderr.
    notes = Terminal(sys.stderr) if as_json else output
    address = command_settings().require_database_url()
    with command_connection() as connection:
        require_providers(connection, providers or [])
        job_id = trigger_sync(
            connection,
            providers or None,
            triggered_by=caller_name(),
            dry_run=dry_run,
            on_conflict=on_conflict,
        )
        job, syncs = read_whole_job(connection, job_id)
        names = ", ".join(each.provider for each in syncs)
        notes.say(f"Job {job_id} is queued: {names}.")
        _warn_without_workers(notes, connection)
    _finish(output, notes, address if watch else None, job, syncs, as_json)


def cancel(job: JobName, as_json: Json = False) -> None:
    """Cancel a job: what waits, and what runs.

    Prices that its ended syncs have written stay; `rollback` undoes them.
    """
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        job_id = find_job(connection, job)
        cancel_sync(connection, job_id, cancelled_by=caller_name())
        found, syncs = read_whole_job(connection, job_id)
    print_job(output, found, syncs, as_json)


def retry(
    job: JobName,
    wait: Annotated[
        bool,
        typer.Option("--wait", "--watch", help=WATCH_HELP),
    ] = False,
    as_json: Json = False,
) -> None:
    """Queue a job's failed and cancelled syncs again.

    Under the same job; providers that succeeded are not synced again.
    """
    output = Terminal(sys.stdout)
    notes = Terminal(sys.stderr) if as_json else output
    address = command_settings().require_database_url()
    with command_connection() as connection:
        job_id = find_job(connection, job)
        _, before = read_whole_job(connection, job_id)
        retry_sync(connection, job_id, retried_by=caller_name())
        names = ", ".join(each.provider for each in before if each.status in ENDED_BADLY)
        notes.say(f"Job {job_id} is queued again: {names}.")
        _warn_without_workers(notes, connection)
        found, syncs = read_whole_job(connection, job_id)
    _finish(output, notes, address if wait else None, found, syncs, as_json)


def cleanup(
    timeout_minutes: Annotated[
        int | None,
        typer.Option(
            "--timeout-minutes",
            metavar="N",
            callback=at_most(LARGEST_INTEGER),
            help="Fail syncs that have run for longer. Default: each provider's own timeout.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take back or end stuck syncs now; changes no price.

    Workers and pg_cron do so by themselves. A sync of a lost worker is queued again, or fails after
    too many; one over its timeout fails; one that waits for a disabled provider is cancelled.
    """
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        done = clean_up_stuck_syncs(connection, timeout_minutes)
    for warning in done.warnings:
        Terminal(sys.stderr).say(f"warning: {warning}")
    counts = {
        "stuck_syncs_found": done.stuck_syncs_found,
        "syncs_cleaned": done.syncs_cleaned,
    }
    if as_json:
        output.json(counts)
        return
    for name, count in counts.items():
        output.say(f"{name}: {count}")


def read_whole_job(connection: psycopg.Connection, job_id: UUID) -> tuple[Job, list[ProviderSync]]:
    return the_row(read_job(connection, job_id)), provider_syncs(connection, job_id)


def _warn_without_workers(notes: Terminal, connection: psycopg.Connection) -> None:
    if not workers_alive(connection):
        notes.say(NO_WORKER, style="yellow")


def _finish(
    output: Terminal,
    notes: Terminal,
    watched: DatabaseAddress | None,
    job: Job,
    syncs: list[ProviderSync],
    as_json: bool,
) -> None:
    """``watched``: the database's address if the command waits for the end of the job."""
    if watched is not None:
        job, syncs = _watch(notes, watched, job)
    if as_json:
        print_job(output, job, syncs, as_json)
    if watched is not None:
        raise typer.Exit(1 if job.status in ENDED_BADLY else 0)


def _watch(notes: Terminal, address: DatabaseAddress, job: Job) -> tuple[Job, list[ProviderSync]]:
    syncs: list[ProviderSync] = []
    try:
        with Progress(notes) as progress:
            for now in follow_job(address, job.job_id):
                job, syncs = now
                progress.update(syncs)
    except KeyboardInterrupt:
        notes.say(f"The job goes on: `pricing-sync status {str(job.job_id)[:8]}` shows it.")
        raise
    _show_job(notes, job, syncs)
    return job, syncs


def print_job(output: Terminal, job: Job, syncs: list[ProviderSync], as_json: bool) -> None:
    if as_json:
        output.json({**without(job), "providers": syncs})
    else:
        _show_job(output, job, syncs)


def _show_job(output: Terminal, job: Job, syncs: list[ProviderSync]) -> None:
    words = job.status if job.outcome in (None, job.status) else f"{job.status}, {job.outcome}"
    dry = ", dry run" if job.dry_run else ""
    output.say(
        f"Job {job.job_id}: {words}{dry}; triggered {shown_time(job.triggered_at)} "
        f"by {job.triggered_by}."
    )
    show_summary(output, syncs)
    differences = [each for sync in syncs for each in sync.differences or []]
    if differences:
        show_differences(output, differences, limit=50)
