"""Reads what a decision about prices would change, before it is made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from service.postgres.connect import refusals
from service.postgres.rows import the_row
from service.prices.units import plain

_IMPACT = "select models, providers, largest_factor, to_free_count, to_free"


@dataclass(frozen=True)
class Impact:
    """How many models change, by which largest factor, and which become free (the first 20).

    ``to_free`` has models as provider/id, one of whose prices falls to zero included. ``covered``:
    the models that a rule covers; None for other decisions.
    """

    models: int
    providers: list[str]
    largest_factor: Decimal | None
    to_free_count: int
    to_free: list[str]
    covered: int | None = None


def preview_review(
    connection: psycopg.Connection,
    decision: str,
    *,
    ids: Sequence[int] | None = None,
    job_id: UUID | None = None,
) -> Impact:
    """Call ``preview_held_price_changes``; ``decision``: approve or reject."""
    call = (
        " from public.preview_held_price_changes(ids => %(ids)s::bigint[],"
        " job_id => %(job_id)s::uuid, decision => %(decision)s::text)"
    )
    arguments = {"ids": ids and list(ids), "job_id": job_id, "decision": decision}
    return _read(connection, _IMPACT + call, arguments)


def preview_rule(
    connection: psycopg.Connection, provider: str, model: str | None, up_to_ratio: Decimal
) -> Impact:
    """Call ``preview_price_change_rule``."""
    call = (
        ", covered from public.preview_price_change_rule(provider => %(provider)s::text,"
        " up_to_ratio => %(ratio)s::numeric, model => %(model)s::text)"
    )
    arguments = {"provider": provider, "model": model, "ratio": up_to_ratio}
    return _read(connection, _IMPACT + call, arguments)


def preview_override(
    connection: psycopg.Connection,
    provider: str,
    model: str,
    prices: Mapping[str, Decimal],
    *,
    conditions: Sequence[Mapping[str, Any]] = (),
    effective_from: datetime | None = None,
) -> Impact:
    """Call ``preview_price_override``; without prices: what the end of the override changes."""
    call = (
        " from public.preview_price_override(provider => %(provider)s::text,"
        " model => %(model)s::text, prices => %(prices)s::jsonb,"
        " effective_from => %(effective_from)s::timestamptz)"
    )
    named: dict[str, Any] = {name: plain(amount) for name, amount in prices.items()}
    if conditions:
        named["conditions"] = conditions
    arguments = {
        "provider": provider,
        "model": model,
        "prices": json.dumps(named),
        "effective_from": effective_from,
    }
    return _read(connection, _IMPACT + call, arguments)


def preview_rollback(connection: psycopg.Connection, job_id: UUID) -> Impact:
    """Call ``preview_pricing_rollback``."""
    call = " from public.preview_pricing_rollback(job_id => %(job_id)s::uuid)"
    return _read(connection, _IMPACT + call, {"job_id": job_id})


def _read(connection: psycopg.Connection, statement: str, arguments: dict[str, Any]) -> Impact:
    with refusals(), connection.cursor(row_factory=class_row(Impact)) as cursor:
        return the_row(cursor.execute(statement.encode(), arguments).fetchone())
