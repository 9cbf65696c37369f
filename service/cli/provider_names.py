"""The providers that a command may name; a name that none has is refused."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import psycopg

from service.errors import UnknownName
from service.postgres.connect import refusals


def provider_names(connection: psycopg.Connection) -> list[str]:
    """The slugs of all providers that can be synced, sorted."""
    return _names(
        connection, "select provider from public.pricing_provider_status order by provider"
    )


def require_providers(connection: psycopg.Connection, names: Iterable[str]) -> None:
    """UnknownName for the first one that is no provider."""
    wanted = list(names)
    known = provider_names(connection) if wanted else []
    for name in wanted:
        if name not in known:
            raise _unknown(name, known)


def require_price_provider(connection: psycopg.Connection, name: str | None) -> None:
    """UnknownName for one without a list and without a model; None is no name.

    The catalogue has prices of providers that are not synced, such as openai.
    """
    if name is None or _has_models(connection, name):
        return
    known = provider_names(connection)
    if name not in known:
        with_models = _names(connection, "select distinct provider from public.model_prices")
        raise _unknown(name, sorted({*known, *with_models}))


def _has_models(connection: psycopg.Connection, name: str) -> bool:
    with refusals():
        row = connection.execute(
            "select from public.model_prices where provider = %s limit 1", [name]
        ).fetchone()
    return row is not None


def _names(connection: psycopg.Connection, query: str) -> list[str]:
    with refusals():
        return [row[0] for row in connection.execute(query.encode()).fetchall()]


def _unknown(name: str, known: list[str]) -> UnknownName:
    near = get_close_matches(name.lower(), known, n=1)
    near_miss = f"Did you mean {near[0]}? " if near else ""
    return UnknownName(
        f"There is no provider '{name[:60]}'.",
        hint=f"{near_miss}Known providers: {', '.join(known) or 'none'}.",
    )
