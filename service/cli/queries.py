"""A command's database, and its queries about prices and jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
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

MODELS = """
select provider, model, name, input_per_1m, output_per_1m, cache_read_per_1m, cache_write_per_1m,
       cache_write_1h_per_1m, reasoning_per_1m, input_audio_per_1m, output_audio_per_1m,
       cache_read_audio_per_1m, input_image_per_1m, output_image_per_1m, per_image, per_request,
       per_web_search, input_characters_per_1m, per_audio_second, per_page, per_video_second,
       has_conditions, price_state, source, is_active, last_changed_at,
       confirmed_at, confirmed_ago, is_held, is_overridden, provider_input_per_1m,
       provider_output_per_1m
from public.model_prices
where (%(query)s::text is null
       or position(lower(%(query)s::text) in lower(provider)) > 0
       or position(lower(%(query)s::text) in lower(model)) > 0
       or position(lower(%(query)s::text) in lower(name)) > 0)
  and (%(provider)s::text is null or provider = %(provider)s::text)
order by provider, model
limit %(limit)s
"""

HISTORY = """
select changed_at, price, before, after, percent, condition, effective_at, in_force_from,
       in_force_until, input_per_1m, output_per_1m, previous_input_per_1m, previous_output_per_1m,
       changed_by, source, job_id, is_in_force, id
from public.pricing_history
where provider = %(provider)s and model = %(model)s
order by changed_at desc, id desc, position
limit %(limit)s
"""

CHANGES = """
select changed_at, provider, model, price, before, after, percent, condition, effective_at,
       in_force_until, changed_by, source, job_id, id
from public.pricing_changes
where changed_at >= %(since)s::timestamptz
  and (%(provider)s::text is null or provider = %(provider)s::text)
order by changed_at desc, id desc, position
limit %(limit)s
"""


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


def read_models(
    connection: psycopg.Connection, query: str | None, provider: str | None, limit: int
) -> list[Row]:
    return read_rows(connection, MODELS, {"query": query, "provider": provider, "limit": limit})


def read_history(
    connection: psycopg.Connection, provider: str, model: str, limit: int
) -> list[Row]:
    """The price changes of one model, newest first; UnknownName if there is no such model."""
    names = {"provider": provider, "model": model}
    rows = read_rows(connection, HISTORY, {**names, "limit": limit})
    if not rows and not read_rows(
        connection,
        "select model from public.model_prices where provider = %(provider)s and model = %(model)s",
        names,
    ):
        raise UnknownName(
            f"There is no model {model} of {provider}.",
            hint="`pricing-sync models QUERY` finds the names, which are case-sensitive.",
        )
    return rows


def read_changes(
    connection: psycopg.Connection, since: datetime, provider: str | None, limit: int
) -> list[Row]:
    """The price changes of all models since then, newest first."""
    return read_rows(connection, CHANGES, {"since": since, "provider": provider, "limit": limit})


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
