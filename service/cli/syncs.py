"""The commands about jobs: ``sync`` and ``status``."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Annotated

import typer

from service.cli.options import Json
from service.cli.queries import command_connection, command_settings, find_job
from service.cli.tables import show_differences, show_jobs
from service.jobs import (
    Job,
    ProviderSync,
    follow_job,
    last_jobs,
    open_jobs,
    provider_syncs,
    read_job,
    trigger_sync,
    workers_alive,
)
from service.progress import Progress, show_summary
from service.terminal import Terminal, shown_time, without

LAST_JOBS = 10
NO_WORKER = "No worker is alive: it waits until one starts (`pricing-sync worker`)."


def sync(
    providers: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROVIDER", help="Default: all."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show its progress; exit 1 if it fails.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Fetch and compare, write no price.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Trigger a sync; a running worker does it."""
    output = Terminal(sys.stdout)
    # With --watch and --json, progress is not what was asked for.
    told = Terminal(sys.stderr) if as_json else output
    url = command_settings().require_database_url()
    with command_connection() as connection:
        job_id = trigger_sync(
            connection, providers or None, triggered_by=f"cli:{_user()}", dry_run=dry_run
        )
        syncs = provider_syncs(connection, job_id)
        names = ", ".join(each.provider for each in syncs)
        told.say(f"Job {job_id} is queued: {names}.")
        if not workers_alive(connection):
            told.say(NO_WORKER, style="yellow")
        job = read_job(connection, job_id)
    assert job is not None
    if watch:
        job, syncs = _watch(told, url, job)
    if as_json:
        output.json(_job_with_providers(job, syncs))
    if watch:
        raise typer.Exit(1 if job.status in ("failed", "cancelled") else 0)


def status(
    job: Annotated[
        str | None, typer.Argument(help="Its id, or the first 8 digits or more.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the jobs, or one with its providers.

    The jobs: all that are queued or running, and the last that have ended.
    """
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        if job is None:
            jobs = [*open_jobs(connection), *last_jobs(connection, LAST_JOBS)]
            if as_json:
                output.json(jobs)
            elif jobs:
                show_jobs(output, jobs)
            else:
                output.say("No job yet: `pricing-sync sync` triggers one.")
            return
        job_id = find_job(connection, job)
        found = read_job(connection, job_id)
        syncs = provider_syncs(connection, job_id)
    assert found is not None
    if as_json:
        output.json(_job_with_providers(found, syncs))
    else:
        _show_job(output, found, syncs)


def _watch(told: Terminal, url: str, job: Job) -> tuple[Job, list[ProviderSync]]:
    syncs: list[ProviderSync] = []
    try:
        with Progress(told) as progress:
            for now in follow_job(url, job.job_id):
                job, syncs = now
                progress.update(syncs)
    except KeyboardInterrupt:
        told.say(f"The job goes on: `pricing-sync status {str(job.job_id)[:8]}` shows it.")
        raise
    _show_job(told, job, syncs)
    return job, syncs


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


def _job_with_providers(job: Job, syncs: list[ProviderSync]) -> dict[str, object]:
    return {**without(job), "providers": syncs}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
