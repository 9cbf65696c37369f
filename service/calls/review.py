"""Reviews held changes, and sets rules, overrides and rollbacks, for commands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from service.postgres.connect import refusals
from service.prices.units import plain

Row = dict[str, Any]

# A left join, because Postgres may skip the function of an inner join when there is no model.
_REVIEWED = """
select held.id, model.provider, model.model, held.status, held.class, held.reason, held.decided_by
from public.{call} as held
left join public.model_prices as model on model.id = held.model_id
order by model.provider, model.model
"""

_RULE = """
select id, provider_slug as provider, model_id as model, up_to_ratio, reason, created_by,
       created_at, expires_at, ended_at, ended_by
from public.{call}
"""

_SHORTER_LIST = """
select provider_slug as provider, error_kind, error_message, sync_completed_at, job_id
from public.accept_shorter_list(provider => %(provider)s::text, accepted_by => %(who)s::text)
"""

_OVERRIDE = """
select override.id, model.provider, model.model, override.prices, override.reason,
       override.created_by, override.created_at, override.expires_at, override.forced,
       override.ended_at, override.ended_by
from public.{call} as override
left join public.model_prices as model on model.id = override.model_id
"""

_ROLLBACK = """
select provider, model, action, input_per_1m, output_per_1m, back_to_input_per_1m,
       back_to_output_per_1m, note
from public.rollback_pricing_sync(
    job_id => %(job_id)s::uuid, dry_run => %(dry_run)s::boolean, rolled_back_by => %(who)s::text
)
order by provider, model
"""


def approve_held(connection: psycopg.Connection, held_id: int, who: str, note: str | None) -> Row:
    return _review(connection, "approve_held_price_change", "approved_by", held_id, who, note)[0]


def reject_held(connection: psycopg.Connection, held_id: int, who: str, note: str | None) -> Row:
    return _review(connection, "reject_held_price_change", "rejected_by", held_id, who, note)[0]


def approve_held_of_sync(
    connection: psycopg.Connection, job_id: UUID, who: str, note: str | None
) -> list[Row]:
    return _review(connection, "approve_held_price_changes", "approved_by", job_id, who, note)


def reject_held_of_sync(
    connection: psycopg.Connection, job_id: UUID, who: str, note: str | None
) -> list[Row]:
    return _review(connection, "reject_held_price_changes", "rejected_by", job_id, who, note)


def reopen_held(connection: psycopg.Connection, held_id: int, who: str, note: str | None) -> Row:
    return _review(connection, "reopen_held_price_change", "reopened_by", held_id, who, note)[0]


def reopen_held_of(
    connection: psycopg.Connection,
    provider: str | None,
    job_id: UUID | None,
    who: str,
    note: str | None,
) -> list[Row]:
    """Reopen all rejected changes of a provider or of a job."""
    call = (
        "reopen_held_price_changes(provider => %(provider)s::text, job_id => %(job_id)s::uuid,"
        " reopened_by => %(who)s::text, note => %(note)s::text)"
    )
    arguments = {"provider": provider, "job_id": job_id, "who": who, "note": note}
    return _call(connection, _REVIEWED.format(call=call), arguments)


def accept_changes(
    connection: psycopg.Connection,
    provider: str,
    model: str | None,
    *,
    up_to_ratio: Decimal,
    until: datetime,
    reason: str,
    who: str,
) -> Row:
    """Call ``accept_price_changes``; returns the new rule."""
    call = (
        "accept_price_changes(provider => %(provider)s::text, up_to_ratio => %(ratio)s::numeric,"
        " until => %(until)s::timestamptz, reason => %(reason)s::text, model => %(model)s::text,"
        " accepted_by => %(who)s::text)"
    )
    arguments = {
        "provider": provider,
        "model": model,
        "ratio": up_to_ratio,
        "until": until,
        "reason": reason,
        "who": who,
    }
    return _call(connection, _RULE.format(call=call), arguments)[0]


def accept_shorter_list(connection: psycopg.Connection, provider: str, who: str) -> Row:
    """Call ``accept_shorter_list``; returns the attempt whose list was refused as too short."""
    return _call(connection, _SHORTER_LIST, {"provider": provider, "who": who})[0]


def end_rule(connection: psycopg.Connection, rule_id: int, who: str) -> Row:
    call = "end_price_change_rule(id => %(id)s::bigint, ended_by => %(who)s::text)"
    return _call(connection, _RULE.format(call=call), {"id": rule_id, "who": who})[0]


def set_override(
    connection: psycopg.Connection,
    provider: str,
    model: str,
    prices: Mapping[str, Decimal],
    *,
    conditions: Sequence[Mapping[str, Any]] = (),
    effective_from: datetime | None = None,
    expires_at: datetime | None,
    reason: str,
    force: bool,
    who: str,
) -> Row:
    """Call ``set_price_override``; returns the override.

    ``prices`` by their names in ``model_prices`` (USD per 1M tokens) or in ``model_pricing``;
    ``conditions`` with the keys of docs/gateway.md and such prices.
    """
    call = (
        "set_price_override(provider => %(provider)s::text, model => %(model)s::text,"
        " reason => %(reason)s::text, prices => %(prices)s::jsonb,"
        " expires_at => %(expires_at)s::timestamptz, author => %(who)s::text,"
        " force => %(force)s::boolean, effective_from => %(effective_from)s::timestamptz)"
    )
    named: Row = {name: plain(amount) for name, amount in prices.items()}
    if conditions:
        named["conditions"] = conditions
    arguments = {
        "provider": provider,
        "model": model,
        "reason": reason,
        "force": force,
        "prices": json.dumps(named),
        "effective_from": effective_from,
        "expires_at": expires_at,
        "who": who,
    }
    return _call(connection, _OVERRIDE.format(call=call), arguments)[0]


def clear_override(connection: psycopg.Connection, provider: str, model: str, who: str) -> Row:
    call = (
        "clear_price_override(provider => %(provider)s::text, model => %(model)s::text,"
        " cleared_by => %(who)s::text)"
    )
    arguments = {"provider": provider, "model": model, "who": who}
    return _call(connection, _OVERRIDE.format(call=call), arguments)[0]


def rollback_sync(
    connection: psycopg.Connection, job_id: UUID, *, dry_run: bool, who: str
) -> list[Row]:
    """Call ``rollback_pricing_sync``; returns each model with what is done to it, and why.

    A dry run only reports.
    """
    return _call(connection, _ROLLBACK, {"job_id": job_id, "dry_run": dry_run, "who": who})


def _review(
    connection: psycopg.Connection,
    function: str,
    who_is: str,
    subject: int | UUID,
    who: str,
    note: str | None,
) -> list[Row]:
    names = "id => %(subject)s::bigint" if isinstance(subject, int) else "job_id => %(subject)s"
    call = f"{function}({names}, {who_is} => %(who)s::text, note => %(note)s::text)"
    arguments = {"subject": subject, "who": who, "note": note}
    return _call(connection, _REVIEWED.format(call=call), arguments)


def _call(connection: psycopg.Connection, statement: str, arguments: Row) -> list[Row]:
    with refusals(), connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement.encode(), arguments).fetchall()
