"""Queries about held changes, rules, overrides and reports."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import psycopg

from service.cli.queries import Row, read_rows
from service.errors import UnknownName

HELD = """
select id, provider, model, class, reason, ratio, input_per_1m_before, input_per_1m_now,
       output_per_1m_before, output_per_1m_now, first_seen_at, last_seen_at, times_seen,
       applies_at, source, job_id, to_zero, prices, previous, evidence, moves
from public.pricing_held
where (%(provider)s::text is null or provider = %(provider)s::text)
  and (%(job_id)s::uuid is null or job_id = %(job_id)s::uuid)
  and (%(id)s::bigint is null or id = %(id)s::bigint)
order by id desc
limit %(limit)s
"""

REJECTED = """
select id, provider, model, class, reason, ratio, input_per_1m_before, input_per_1m_now,
       output_per_1m_before, output_per_1m_now, first_seen_at, last_seen_at, times_seen,
       source, job_id, to_zero, prices, previous, evidence, moves, decided_at, decided_by,
       decision_note
from public.pricing_rejected
where (%(provider)s::text is null or provider = %(provider)s::text)
  and (%(job_id)s::uuid is null or job_id = %(job_id)s::uuid)
  and (%(id)s::bigint is null or id = %(id)s::bigint)
order by id desc
limit %(limit)s
"""

RULES = """
select id, provider, model, up_to_ratio, reason, created_by, created_at, expires_at
from public.pricing_active_rules
order by id desc
"""

OVERRIDES = """
select id, provider, model, input_per_1m, output_per_1m, provider_input_per_1m,
       provider_output_per_1m, prices, reason, created_by, created_at, expires_at, forced
from public.pricing_active_overrides
where %(provider)s::text is null or provider = %(provider)s::text
order by provider, model
"""

DRIFT = """
select provider, model, price, provider_amount, catalogue_amount, ratio, source, catalogue
from public.pricing_drift
where %(provider)s::text is null or provider = %(provider)s::text
order by greatest(ratio, 1 / nullif(ratio, 0)) desc nulls first, provider, model, price
limit %(limit)s
"""

UNPRICED = """
select provider, model, name, why, held_id, source, first_seen_at, lost_at
from public.pricing_unpriced
where %(provider)s::text is null or provider = %(provider)s::text
order by provider, model
limit %(limit)s
"""

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


def read_held(
    connection: psycopg.Connection,
    *,
    provider: str | None = None,
    job_id: UUID | None = None,
    limit: int,
) -> list[Row]:
    """The held price changes, newest first."""
    arguments = {"provider": provider, "job_id": job_id, "id": None, "limit": limit}
    return read_rows(connection, HELD, arguments)


def read_rejected(
    connection: psycopg.Connection,
    *,
    provider: str | None = None,
    job_id: UUID | None = None,
    limit: int,
) -> list[Row]:
    """The rejected price changes that are still listed, newest first."""
    arguments = {"provider": provider, "job_id": job_id, "id": None, "limit": limit}
    return read_rows(connection, REJECTED, arguments)


def read_one_held(connection: psycopg.Connection, held_id: int) -> Row:
    """The held or rejected change of this id; UnknownName if there is none."""
    arguments = {"provider": None, "job_id": None, "id": held_id, "limit": 1}
    for statement in (HELD, REJECTED):
        for row in read_rows(connection, statement, arguments):
            return row
    raise UnknownName(
        f"No price change {held_id} waits.", hint="`pricing-sync held` lists those that do."
    )


def read_rules(connection: psycopg.Connection) -> list[Row]:
    return read_rows(connection, RULES, {})


def read_overrides(connection: psycopg.Connection, provider: str | None) -> list[Row]:
    return read_rows(connection, OVERRIDES, {"provider": provider})


def read_drift(connection: psycopg.Connection, provider: str | None, limit: int) -> list[Row]:
    """Where provider and catalogue differ, the furthest apart first."""
    return read_rows(connection, DRIFT, {"provider": provider, "limit": limit})


def read_unpriced(connection: psycopg.Connection, provider: str | None, limit: int) -> list[Row]:
    return read_rows(connection, UNPRICED, {"provider": provider, "limit": limit})


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
