"""Every command: its options, what it calls, and what it prints."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from service import __version__
from service.cli.database import (
    Row,
    command_connection,
    command_settings,
    find_job,
    read_history,
    read_models,
)
from service.cli.tables import (
    show_config,
    show_differences,
    show_history,
    show_jobs,
    show_models,
    show_parts,
)
from service.errors import SettingsError
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
from service.settings import Settings, shown_settings
from service.terminal import Terminal, shown_time, without

LAST_JOBS = 10
NO_WORKER = "No worker is alive: it waits until one starts (`pricing-sync worker`)."

app = typer.Typer(
    help="The prices of LLM providers, with their full history, in your own Postgres.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Limit = Annotated[
    int, typer.Option("--limit", min=1, max=1_000_000, help="Print this many rows at most.")
]
WithParent = Annotated[bool, typer.Option("--with-parent", hidden=True)]


def _print_version(wanted: bool) -> None:
    if wanted:
        Terminal(sys.stdout).say(f"pricing-sync {__version__}")
        raise typer.Exit


@app.callback()
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


@app.command()
def up(
    once: Annotated[
        bool, typer.Option("--once", help="Exit after the first sync, 0 if any provider succeeded.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON, all else on stderr.")
    ] = False,
) -> None:
    """Start everything: database, web process, worker; sync once; stay until Ctrl-C."""
    from service.settings import read_settings
    from service.up import up

    raise typer.Exit(up(read_settings(), once=once, as_json=as_json))


@app.command()
def migrate(
    status: Annotated[
        bool, typer.Option("--status", help="Show what is applied, change nothing.")
    ] = False,
    directory: Annotated[
        Path | None,
        typer.Option("--export", metavar="DIR", help="Write one SQL file there instead."),
    ] = None,
    from_version: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="VERSION", help="With --export: for a database of that release."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring the database to this version."""
    from service import migrations

    if status and directory:
        raise typer.BadParameter("--status and --export do not go together.")
    if from_version and not directory:
        raise typer.BadParameter("--from needs --export.")
    output = Terminal(sys.stdout)
    if directory:
        path = migrations.export(directory, from_version=from_version)
        output.json({"file": str(path)}) if as_json else output.say(str(path))
        return
    settings = command_settings()
    url = settings.require_database_url()
    if status:
        parts = migrations.migration_status(url)
        output.json(parts) if as_json else show_parts(output, parts)
        return
    _log_to_stderr(settings)
    result = migrations.migrate(url)
    if as_json:
        output.json(result)
        return
    if result.applied:
        output.say(f"{len(result.applied)} parts applied.")
    else:
        output.say(f"The database is at version {__version__} already: nothing to do.")
    if result.advice:
        output.say("A superuser could still run:")
        for statement in result.advice:
            output.say(f"  {statement}")


@app.command()
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

    given = {"host": host, "port": port}
    serve(settings.model_copy(update={k: v for k, v in given.items() if v is not None}))


@app.command()
def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=64, help="Provider syncs at once.")
    ] = None,
    with_parent: WithParent = False,
) -> None:
    """Run a worker until SIGTERM; start as many as you like, on as many machines."""
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


@app.command()
def sync(
    providers: Annotated[
        list[str] | None, typer.Argument(metavar="[PROVIDER]...", help="Default: all.")
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


@app.command()
def status(
    job: Annotated[
        str | None, typer.Argument(help="Its id, or the first 8 digits or more.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the open jobs and the last ones, or one job with its providers."""
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


@app.command()
def models(
    query: Annotated[
        str | None, typer.Argument(help="Part of a provider's, model's or display name.")
    ] = None,
    provider: Annotated[str | None, typer.Option(help="Only this provider's.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Show prices: US dollars per million tokens."""
    with command_connection() as connection:
        rows = read_models(connection, query, provider, limit + 1)
    output = Terminal(sys.stdout)
    if as_json:
        output.json([_without_age(row) for row in rows[:limit]])
    elif rows:
        show_models(output, rows[:limit])
    else:
        output.say("No model fits.")
    if len(rows) > limit:
        Terminal(sys.stderr).say(f"There are more than {limit}: --limit {limit * 10} shows them.")


@app.command()
def history(
    provider: Annotated[str, typer.Argument(help="The provider, such as openrouter.")],
    model: Annotated[str, typer.Argument(help="The model's id as the provider spells it.")],
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Show every price that a model has had, newest first: US dollars per million tokens."""
    with command_connection() as connection:
        rows = read_history(connection, provider, model, limit)
    output = Terminal(sys.stdout)
    if as_json:
        output.json(rows)
    elif rows:
        show_history(output, rows)
    else:
        output.say("No price of it was ever known.")


@app.command()
def config(as_json: Json = False) -> None:
    """Show every setting, its value and what it means; secrets are hidden."""
    output = Terminal(sys.stdout)
    try:
        settings = command_settings()
    except SettingsError:
        # Whoever has set a wrong value needs the meanings all the more.
        if not as_json:
            show_config(output, shown_settings(Settings()))
        raise
    rows = shown_settings(settings)
    output.json(rows) if as_json else show_config(output, rows)


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


def _without_age(row: Row) -> Row:
    """``confirmed_at`` says the same to a program, at any time."""
    return {name: value for name, value in row.items() if name != "confirmed_ago"}


def _job_with_providers(job: Job, syncs: list[ProviderSync]) -> dict[str, object]:
    return {**without(job), "providers": syncs}


def _start_process(with_parent: bool) -> Settings:
    """What the long-running commands have in common: the log, and the end of who started them."""
    settings = command_settings()
    _log_to_stderr(settings)
    if with_parent:
        from service.children import end_with_parent

        end_with_parent()
    if isinstance(settings.database_url, SecretStr):
        # The worker's connector reads the environment by itself.
        os.environ["DATABASE_URL"] = settings.database_url.get_secret_value()
    return settings


def _log_to_stderr(settings: Settings) -> None:
    from service.logs import configure_logging

    configure_logging(settings)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
