"""The commands about prices: ``models``, ``history``, ``changes`` and ``price-at``."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import psycopg
import typer

from service.cli.arguments import SINCE_HELP, TIME_HELP, parse_since, parse_time
from service.cli.command_lists import HISTORY
from service.cli.list_output import Csv, ListLimit, ListOutput
from service.cli.list_rows import read_list
from service.cli.options import Json, ModelName, OfProvider, ProviderName
from service.cli.price_tables import show_changes, show_history, show_models, show_price
from service.cli.provider_names import require_price_provider
from service.cli.queries import command_connection
from service.cli.review_queries import read_price_at
from service.errors import UnknownName
from service.lists.price_lists import CHANGES, MODELS
from service.terminal.output import Terminal, shown_time

Sort = Literal["name", "price", "output-price", "changed"]
State = Literal["priced", "free", "unknown", "held", "overridden", "stale", "inactive"]


def models(
    query: Annotated[
        str | None,
        typer.Argument(metavar="QUERY", help="Part of a provider's, model's or display name."),
    ] = None,
    provider: OfProvider = None,
    state: Annotated[
        State | None, typer.Option("--state", help="Only models in this state.")
    ] = None,
    stale: Annotated[
        bool, typer.Option("--stale", help="Only prices that no list confirmed in time.")
    ] = False,
    sort: Annotated[
        Sort,
        typer.Option(
            "--sort",
            help="By name, by input or output price from the lowest on, or by the last change.",
        ),
    ] = "name",
    limit: ListLimit = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show the prices in force.

    In US dollars per 1M tokens; with QUERY, the models whose provider, id or name contains it. The
    state is priced, free, unknown, or inactive (no longer in the provider's list; the price is its
    last). It adds "held" where a change waits, and "overridden" where a person has set a price,
    which is then the one shown.
    """
    if stale and state not in (None, "stale"):
        raise typer.BadParameter("Give either --stale or --state.")
    output = ListOutput(limit, as_json=as_json, as_csv=as_csv)
    values = {"q": query, "provider": provider, "state": "stale" if stale else state}
    with command_connection() as connection:
        require_price_provider(connection, provider)
        rows = read_list(
            connection, MODELS, values, sort=sort.replace("-", "_"), limit=output.rows_wanted
        )
        output.print(rows, show_models, nothing="No model fits.", columns=MODELS.columns)


def history(
    provider: ProviderName,
    model: ModelName,
    limit: ListLimit = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show every price of a model, and what set it.

    Newest first, one line for each price that changed; "for" is the condition of a price that only
    some requests have. Names with per_1m are US dollars per 1M, others per one unit. "in force" is
    never for what the provider listed under an override. "by" is api_sync:PROVIDER, manual:NAME (a
    person, by approval or override), rollback:JOB or expiry:ID (an override that ended by time).
    """
    output = ListOutput(limit, as_json=as_json, as_csv=as_csv)
    values = {"provider": provider, "model": model}
    with command_connection() as connection:
        require_price_provider(connection, provider)
        _require_model(connection, provider, model)
        rows = read_list(connection, HISTORY, values, limit=output.rows_wanted)
        output.print(
            rows, show_history, nothing="It never had a known price.", columns=HISTORY.columns
        )


def changes(
    since: Annotated[
        str,
        typer.Option("--since", metavar="TIME", help=f"From when on: {SINCE_HELP}"),
    ] = "today",
    provider: OfProvider = None,
    limit: ListLimit = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show which prices changed, over all models.

    Newest first, one line for each price; "for" is the condition of a price that only some
    requests have. Names with per_1m are US dollars per 1M, others per one unit.
    """
    start = parse_since(since)
    output = ListOutput(limit, as_json=as_json, as_csv=as_csv)
    nothing = f"No price has changed since {shown_time(start)}."
    with command_connection() as connection:
        require_price_provider(connection, provider)
        values = {"since": start, "provider": provider}
        rows = read_list(connection, CHANGES, values, limit=output.rows_wanted)
        output.print(rows, show_changes, nothing=nothing, columns=CHANGES.columns)


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
        require_price_provider(connection, provider)
        price = read_price_at(connection, provider, model, time)
    output = Terminal(sys.stdout)
    if as_json:
        output.json(price)
    elif price is not None:
        show_price(output, price)
    else:
        output.say("It had no price yet.")


def _require_model(connection: psycopg.Connection, provider: str, model: str) -> None:
    values = {"provider": provider, "model": model}
    if not any(read_list(connection, MODELS, values, limit=1)):
        raise UnknownName(
            f"There is no model {model} of {provider}.",
            hint="`pricing-sync models QUERY` finds the names, which are case-sensitive.",
        )
