"""Complete names on the command line; without a database there is nothing to complete."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import psycopg

from service.cli.provider_names import provider_names
from service.cli.queries import command_settings
from service.postgres.connect import connect

# A person waits for it.
CONNECT_SECONDS = 2
JOBS = 20


def complete_providers(incomplete: str) -> list[str]:
    return _complete(provider_names, incomplete)


def complete_jobs(incomplete: str) -> list[str]:
    """The newest jobs."""
    return _complete(_job_ids, incomplete.lower())


def _job_ids(connection: psycopg.Connection) -> list[str]:
    from service.cli.command_lists import SYNCS
    from service.cli.list_rows import read_list

    jobs = islice(read_list(connection, SYNCS, {}, limit=JOBS), JOBS)
    return [str(job["job_id"]) for job in jobs]


def _complete(read: Callable[[psycopg.Connection], list[str]], incomplete: str) -> list[str]:
    try:
        address = command_settings().require_database_url()
        with connect(address, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
            return [name for name in read(connection) if name.startswith(incomplete)]
    except Exception:
        # An error would be printed into the line that the person types.
        return []
