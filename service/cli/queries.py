"""A command's database, and how it finds a job."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from service.calls.jobs import jobs_between
from service.database_address.address import DatabaseAddress
from service.errors import UnknownName
from service.postgres.connect import connect, refusals
from service.settings import Settings, read_settings
from service.up.instance import running_database_url
from service.up.logins import login_address

Row = dict[str, Any]

PREFIX_LENGTH = 8


def command_settings() -> Settings:
    """The environment's settings; without DATABASE_URL, the database of a running ``up``."""
    settings = read_settings()
    if settings.database_url is None:
        url = running_database_url(settings.data_dir)
        if url is not None:
            address = DatabaseAddress.from_text("DATABASE_URL", url)
            addresses = {
                "database_url": address,
                "web_database_url": login_address(address, "pricing_web"),
                "worker_database_url": login_address(address, "pricing_worker"),
            }
            return settings.model_copy(update=addresses)
    return settings


@contextmanager
def command_connection() -> Iterator[psycopg.Connection]:
    """A connection for one command; errors of Postgres become ours."""
    with connect(command_settings().require_database_url(), autocommit=True) as connection:
        yield connection


def find_job(connection: psycopg.Connection, text: str) -> UUID:
    """The job of an id or of an unambiguous prefix, with or without dashes; else UnknownName."""
    digits = text.lower().replace("-", "")
    if not re.fullmatch(f"[0-9a-f]{{{PREFIX_LENGTH},32}}", digits):
        raise UnknownName(
            f"{text} is no job id.",
            hint=f"Give the whole id, or its first {PREFIX_LENGTH} digits or more; "
            "`pricing-sync status` lists the jobs.",
        )
    first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    found = jobs_between(connection, first, last)
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownName(f"Several jobs begin with {text}.", hint="Give more digits.")
    raise UnknownName(
        f"There is no job {text}.",
        hint="`pricing-sync status` lists the last jobs.",
    )


def find_past_job(connection: psycopg.Connection, text: str) -> UUID:
    """As ``find_job``, but a full id need not have a row: what a job did outlives it."""
    digits = text.lower().replace("-", "")
    if re.fullmatch("[0-9a-f]{32}", digits):
        return UUID(digits)
    return find_job(connection, text)


def read_rows(connection: psycopg.Connection, query: str, arguments: Row) -> list[Row]:
    with refusals(), connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), arguments).fetchall()
