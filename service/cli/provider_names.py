"""The providers that a command may name; a name that none has is refused."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import psycopg

from service.errors import UnknownName
from service.postgres.connect import refusals


def provider_names(connection: psycopg.Connection) -> list[str]:
    """The slugs of all providers, sorted."""
    with refusals():
        rows = connection.execute(
            "select provider from public.pricing_provider_status order by provider"
        ).fetchall()
    return [row[0] for row in rows]


def require_providers(connection: psycopg.Connection, names: Iterable[str | None]) -> None:
    """UnknownName for the first one that is no provider; None is no name."""
    wanted = [name for name in names if name is not None]
    known = provider_names(connection) if wanted else []
    for name in wanted:
        if name not in known:
            raise UnknownName(
                f"There is no provider '{name[:60]}'.",
                hint=f"{_near_miss(name, known)}Known providers: {', '.join(known) or 'none'}.",
            )


def _near_miss(name: str, known: list[str]) -> str:
    near = get_close_matches(name.lower(), known, n=1)
    return f"Did you mean {near[0]}? " if near else ""
