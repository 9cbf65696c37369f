"""The commands about prices: ``models``, ``history``, ``changes`` and ``price-at``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from service.cli.arguments import SINCE_HELP, TIME_HELP, parse_since, parse_time
from service.cli.options import Json, Limit, ModelName, OfProvider, ProviderName
from service.cli.price_tables import show_changes, show_history, show_models, show_price
from service.cli.queries import (
    Row,
    command_connection,
    read_changes,
    read_history,
    read_models,
)
from service.cli.review_queries import read_price_at
from service.terminal.output import Terminal, shown_time


def models(
    query: Annotated[
        str | None,
        typer.Argument(metavar="QUERY", help="Part of a provider's, model's or display name."),
    ] = None,
    provider: OfProvider = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Show the prices in force.

    In US dollars per 1M tokens, by name; with QUERY, the models whose provider, id or name contains
    it. The state is priced, free, unknown, or inactive (no longer in the provider's list; the price
    is its last). It adds "held" where a change waits, and "overridden" where a person has set a
    price, which is then the one shown.
    """
    with command_connection() as connection:
        rows = read_models(connection, query, provider, limit + 1)
    output = Terminal(sys.stdout)
    if as_json:
        output.json([_without_age(row) for row in rows[:limit]])
    elif rows:
        show_models(output, rows[:limit])
    else:
        output.say("No model fits.")
    if len(rows) > limit:
        Terminal(sys.stderr).say(f"There are more than {limit}: --limit {limit * 10} shows them.")


def history(
    provider: ProviderName,
    model: ModelName,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Show every price of a model, and what set it.

    Newest first, one line for each price that changed; "for" is the condition of a price that only
    some requests have. Names with per_1m are US dollars per 1M, others per one unit. "in force" is
    never for what the provider listed under an override. "by" is api_sync:PROVIDER, manual:NAME (a
    person, by approval or override), rollback:JOB or expiry:ID (an override that ended by time).
    """
    with command_connection() as connection:
        rows = read_history(connection, provider, model, limit)
    output = Terminal(sys.stdout)
    if as_json:
        output.json(rows)
    elif rows:
        show_history(output, rows)
    else:
        output.say("It never had a known price.")


def changes(
    since: Annotated[
        str,
        typer.Option("--since", metavar="TIME", help=f"From when on: {SINCE_HELP}"),
    ] = "today",
    provider: OfProvider = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Show which prices changed, over all models.

    Newest first, one line for each price; "for" is the condition of a price that only some
    requests have. Names with per_1m are US dollars per 1M, others per one unit.
    """
    start = parse_since(since)
    with command_connection() as connection:
        rows = read_changes(connection, start, provider, limit + 1)
    output = Terminal(sys.stdout)
    if as_json:
        output.json(rows[:limit])
    elif rows:
        show_changes(output, rows[:limit])
    else:
        output.say(f"No price has changed since {shown_time(start)}.")
    if len(rows) > limit:
        Terminal(sys.stderr).say(f"There are more than {limit}: --limit {limit * 10} shows them.")


def price_at(
    provider: ProviderName,
    model: ModelName,
    at: Annotated[str, typer.Argument(metavar="TIME", help=TIME_HELP)],
    as_json: Json = False,
) -> None:
    """Show what a model cost at a time, by its history.

    In US dollars per 1M tokens; the price that was charged, an override included.
    """
    time = parse_time(at)
    with command_connection() as connection:
        price = read_price_at(connection, provider, model, time)
    output = Terminal(sys.stdout)
    if as_json:
        output.json(price)
    elif price is not None:
        show_price(output, price)
    else:
        output.say("It had no price yet.")


def _without_age(row: Row) -> Row:
    """Without ``confirmed_ago``, which ``confirmed_at`` says independently of the time."""
    return {name: value for name, value in row.items() if name != "confirmed_ago"}
