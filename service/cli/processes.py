"""The commands that run processes: ``up``, ``serve``, ``worker``; and ``config``."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from service.cli.admin_tables import show_config
from service.cli.options import Json
from service.cli.queries import command_settings
from service.cli.streams import log_to_stderr
from service.errors import SettingsError
from service.settings import Settings, read_settings, shown_settings
from service.terminal.output import Terminal
from service.up.instance import running_client_url

WithParent = Annotated[bool, typer.Option("--with-parent", hidden=True)]


def up(
    once: Annotated[
        bool, typer.Option("--once", help="Sync all providers, then exit: 0 if any succeeded.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON, the rest on stderr.")
    ] = False,
) -> None:
    """Run everything on this machine, until Ctrl-C.

    Migrates the database of DATABASE_URL and writes to it; without DATABASE_URL, an embedded
    Postgres. Then the web process, a worker, and a first sync of the providers that are due.
    """
    from service.up.command import up

    raise typer.Exit(up(read_settings(), once=once, as_json=as_json))


def serve(
    host: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Address to listen on. Default: PRICING_HOST, or 127.0.0.1."
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=1,
            max=65535,
            help="Port to listen on. Default: PRICING_PORT, PORT, or 8000.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=64,
            help="Processes that share the port. Default: PRICING_WEB_WORKERS, or 1.",
        ),
    ] = None,
    with_parent: WithParent = False,
) -> None:
    """Run the web process, until SIGTERM or Ctrl-C.

    Its database is that of PRICING_WEB_DATABASE_URL, or of DATABASE_URL. With --workers it is
    several processes; one that ends is started again.
    """
    settings = _start_process(with_parent)
    if settings.web_database_url is None:
        settings.require_database_url()
    from service.web.http_server.web_server import serve

    options = {"host": host, "port": port, "web_workers": workers}
    serve(settings.model_copy(update={k: v for k, v in options.items() if v is not None}))


def worker(
    concurrency: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=64,
            help="Provider syncs at once. Default: PRICING_WORKER_CONCURRENCY, or 20.",
        ),
    ] = None,
    with_parent: WithParent = False,
) -> None:
    """Run a worker, until SIGTERM or Ctrl-C.

    Start any number, on any number of machines: they share the queue in Postgres. Its database is
    that of PRICING_WORKER_DATABASE_URL, or of DATABASE_URL.
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
    """Show every setting, its value and its meaning.

    Settings are environment variables. Secrets are hidden.
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


def database_url_command(as_json: Json = False) -> None:
    """Print the database's URL for psql and GUI clients, with its password.

    That of DATABASE_URL, or without it that of a running `up`, with host and port:
    psql "$(pricing-sync database-url)".
    """
    settings = read_settings()
    url = None if settings.database_url else running_client_url(settings.data_dir)
    if url is None:
        url = command_settings().require_database_url().url()
    output = Terminal(sys.stdout)
    output.json({"database_url": url}) if as_json else output.say(url)


def _start_process(with_parent: bool) -> Settings:
    """Configure the log, and end with the parent process if ``up`` started this one."""
    settings = command_settings()
    log_to_stderr(settings)
    if with_parent:
        from service.up.children import end_with_parent

        end_with_parent()
    if settings.database_url is not None:
        # The worker's connector reads the environment itself.
        os.environ["DATABASE_URL"] = settings.database_url.url()
        os.environ.pop("DATABASE_URL_FILE", None)
    return settings
