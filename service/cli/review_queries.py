"""Queries about one held change, one price and one bill."""

from __future__ import annotations

from datetime import datetime

import psycopg

from service.cli.list_rows import read_list
from service.cli.queries import Row, read_rows
from service.errors import UnknownName
from service.lists.review_lists import HELD, REJECTED

PRICE_AT = """
select input_per_1m, output_per_1m, price_per_input_token, price_per_output_token,
       price_per_cache_read_token, price_per_cache_write_token,
       price_per_cache_write_1h_token, price_per_reasoning_token, price_per_input_audio_token,
       price_per_output_audio_token, price_per_cache_read_audio_token,
       price_per_input_image_token, price_per_output_image_token, price_per_image,
       price_per_request, price_per_web_search, price_per_input_character,
       price_per_audio_second, price_per_page, price_per_video_second, conditions, changed_at,
       changed_by, source, job_id
from public.model_price_at(
    provider => %(provider)s::text, model => %(model)s::text, at => %(at)s::timestamptz
)
"""

COST = """
select cost, lines, reason, history_id
from public.price_request(
    provider => %(provider)s::text, model => %(model)s::text, usage => %(usage)s::jsonb,
    at => %(at)s::timestamptz
)
"""


def read_one_held(connection: psycopg.Connection, held_id: int) -> Row:
    """The held or rejected change of this id; UnknownName if there is none."""
    for query in (HELD, REJECTED):
        for row in read_list(connection, query, {"id": held_id}, limit=1):
            return row
    raise UnknownName(
        f"No price change {held_id} waits.", hint="`pricing-sync held` lists those that do."
    )


def read_price_at(
    connection: psycopg.Connection, provider: str, model: str, at: datetime
) -> Row | None:
    """The price that was in force then; None before the first one."""
    rows = read_rows(connection, PRICE_AT, {"provider": provider, "model": model, "at": at})
    return rows[0] if rows else None


def read_cost(
    connection: psycopg.Connection, provider: str, model: str, usage: str, at: datetime
) -> Row:
    """What one request costs; ``usage`` is JSON."""
    arguments = {"provider": provider, "model": model, "usage": usage, "at": at}
    return read_rows(connection, COST, arguments)[0]
