"""Providers that are not at their adapter's address, or name a credential of another provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

import httpx2
from psycopg import sql

from service.calls.credentials import refusal_of_row
from service.doctor.check_result import MOST_NAMES, CheckResult, counted, listed, ok, warn
from service.doctor.facts import Facts, Provider
from service.providers.adapter import Adapter, adapter
from service.settings import Settings

ADDRESSES = "addresses"

_LONGEST_ADDRESS = 100


def check_addresses(facts: Facts, settings: Settings) -> CheckResult:
    """A warning, because an operator may have chosen the address."""
    found: list[str] = []
    advice: list[str] = []
    for provider in facts.providers:
        for what, statement in _odd(provider, settings):
            found.append(what)
            advice.append(statement)
    if not found:
        return ok(
            ADDRESSES, f"{counted(len(facts.providers), 'provider')}, each at its own address"
        )
    return warn(
        ADDRESSES, listed(found), f"{' '.join(advice[:MOST_NAMES])}  -- unless you chose it"
    )


def _odd(provider: Provider, settings: Settings) -> Iterator[tuple[str, str]]:
    """What is odd about a provider, and the statement that corrects it."""
    try:
        known = adapter(provider.adapter)
    except LookupError:
        # Nothing is fetched: the catalogue, or a provider without an adapter.
        return
    if provider.base_url is not None and not _is_address_of(known, provider.base_url):
        yield (
            f"{provider.slug} is asked at {_shown(provider.base_url)}, not at {known.base_url}",
            _set("base_url", known.base_url, provider.slug),
        )
    variable = provider.credential_variable
    if variable is not None:
        refused = refusal_of_row(known, provider.base_url, variable, settings)
        if refused is not None:
            yield (
                f"{provider.slug} gets no credential: {refused.rstrip('.')}",
                _set("credential_variable", known.credential_variable, provider.slug),
            )


def _is_address_of(known: Adapter, base_url: str) -> bool:
    try:
        there, own = httpx2.URL(base_url.rstrip("/")), httpx2.URL(known.base_url.rstrip("/"))
    except httpx2.InvalidURL:
        return False
    return there == own


def _shown(base_url: str) -> str:
    """Without what precedes an @, which may be a password."""
    scheme, _, rest = base_url.partition("://")
    shown = f"{scheme}://{rest.rpartition('@')[2]}"
    return shown if len(shown) <= _LONGEST_ADDRESS else f"{shown[:_LONGEST_ADDRESS]}..."


def _set(column: LiteralString, value: str | None, slug: str) -> str:
    statement = sql.SQL("update public.pricing_providers set {} = {} where slug = {};")
    return statement.format(sql.SQL(column), value, slug).as_string()
