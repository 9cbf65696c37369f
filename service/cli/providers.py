"""The commands of providers: ``providers list``, ``show``, ``enable``, ``set`` and the like."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import psycopg
import typer

from service.calls.previews import preview_review
from service.calls.providers import accept_first_list, read_providers, update_provider
from service.calls.review import accept_shorter_list
from service.cli.arguments import caller_name, parse_amount, parse_span
from service.cli.confirmation import Yes, confirm
from service.cli.list_rows import read_list
from service.cli.options import Json, ProviderName
from service.cli.provider_names import require_providers
from service.cli.provider_tables import show_provider, show_providers
from service.cli.queries import Row, command_connection
from service.errors import DatabaseRefused
from service.lists.review_lists import HELD
from service.postgres.sqlstates import CONFLICT
from service.terminal.output import Terminal, shown_count

Switch = Literal["on", "off"]

providers = typer.Typer(
    name="providers",
    invoke_without_command=True,
    help="Show the providers, and change their settings. Without a command: list.",
)


@providers.callback()
def default(context: typer.Context, as_json: Json = False) -> None:
    if context.invoked_subcommand is None:
        list_command(as_json)


@providers.command("list")
def list_command(as_json: Json = False) -> None:
    """Show all providers: state, models, held changes, and why the last sync failed.

    The state is ok, failing (3 failures in a row), no credentials, no price api (its list has no
    prices, which are the catalogue's) or disabled. It adds "stale" where no sync has confirmed the
    prices in time, and "syncing" or "queued". `providers show` has the settings.
    """
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        rows = read_providers(connection)
    output.json(rows) if as_json else show_providers(output, rows)


@providers.command("show")
def show_command(provider: ProviderName, as_json: Json = False) -> None:
    """Show one provider with its settings."""
    with command_connection() as connection:
        _print(_read(connection, provider), as_json)


@providers.command("enable")
def enable_command(provider: ProviderName, as_json: Json = False) -> None:
    """Sync a provider from now on; what is due is synced by the next tick."""
    _update(provider, as_json, enabled=True)


@providers.command("disable")
def disable_command(provider: ProviderName, as_json: Json = False) -> None:
    """Stop syncing a provider: what waits is cancelled; its prices stay in force."""
    _update(provider, as_json, enabled=False)


@providers.command("set")
def set_command(
    provider: ProviderName,
    interval: Annotated[
        str | None,
        typer.Option(
            "--interval", metavar="TIME", help="Time between two syncs: 6h, 30m; 5m at least."
        ),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option("--timeout", metavar="TIME", help="A longer sync fails: 10m, 90s."),
    ] = None,
    guards: Annotated[
        Switch | None,
        typer.Option("--guards", help="off: every change is applied, however suspicious."),
    ] = None,
    review_first: Annotated[
        Switch | None,
        typer.Option("--review-first", help="on: its first list waits for `accept-list`."),
    ] = None,
    large_ratio: Annotated[
        str | None,
        typer.Option(
            "--large-ratio", metavar="FACTOR", help="A price that moves by it or more is held."
        ),
    ] = None,
    unit_ratio: Annotated[
        str | None,
        typer.Option(
            "--unit-ratio",
            metavar="FACTOR",
            help="A price that moves by it or more never applies itself.",
        ),
    ] = None,
    lowest: Annotated[
        str | None,
        typer.Option(
            "--lowest", metavar="USD", help="Lower token prices are held: US dollars per 1M."
        ),
    ] = None,
    highest: Annotated[
        str | None,
        typer.Option(
            "--highest", metavar="USD", help="Higher token prices are held: US dollars per 1M."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Change settings of a provider; the others stay as `providers show` has them."""
    settings = {
        "sync_interval": None if interval is None else parse_span(interval),
        "timeout": None if timeout is None else parse_span(timeout),
        "guards_enabled": None if guards is None else guards == "on",
        "review_first": None if review_first is None else review_first == "on",
        "guard_large_ratio": None if large_ratio is None else parse_amount(large_ratio),
        "guard_unit_ratio": None if unit_ratio is None else parse_amount(unit_ratio),
        "guard_lowest_per_1m": None if lowest is None else parse_amount(lowest),
        "guard_highest_per_1m": None if highest is None else parse_amount(highest),
    }
    changed = {name: value for name, value in settings.items() if value is not None}
    if not changed:
        raise typer.BadParameter("Give a setting to change, such as --interval 6h.")
    _update(provider, as_json, **changed)


@providers.command("accept-list")
def accept_list_command(
    provider: ProviderName,
    note: Annotated[
        str | None,
        typer.Option("--note", metavar="TEXT", help="The reason, kept with the decision."),
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Accept a provider's first list, or one that was refused as too short.

    A first list that waits is applied at once; what looks wrong in it for another reason stays
    held. A list that was refused as too short (list_shrunk, prices_gone) is applied by the next
    sync. Says how many models it changes; on a terminal it asks.
    """
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        require_providers(connection, [provider])
        waiting = [
            row["id"]
            for row in read_list(connection, HELD, {"provider": provider, "class": "first_list"})
        ]
        if waiting:
            confirm("Accept", lambda: preview_review(connection, "approve", ids=waiting), yes=yes)
        accepted = _accept(connection, provider, note, has_first_list=bool(waiting))
    if as_json:
        output.json(accepted)
    elif waiting:
        output.say(f"Accepted of {provider}: {shown_count(accepted['approved'])} prices.")
        if accepted["still_held"]:
            output.say(
                f"{shown_count(accepted['still_held'])} stay held for other reasons:"
                f" `pricing-sync held --provider {provider}`."
            )
    else:
        output.say(f"Accepted of {provider}: {accepted['error_message']}.")
        output.say(f"`pricing-sync sync {provider} --watch` fetches its list again.")


def _accept(
    connection: psycopg.Connection, provider: str, note: str | None, *, has_first_list: bool
) -> Row:
    if has_first_list:
        return accept_first_list(connection, provider, caller_name(), note)
    try:
        return accept_shorter_list(connection, provider, caller_name())
    except DatabaseRefused as refused:
        if refused.code != CONFLICT:
            raise
        raise DatabaseRefused(
            f"No list of {provider} waits: neither a first one, nor one refused as too short.",
            hint=f"`pricing-sync providers show {provider}` says how its last sync ended.",
            code=CONFLICT,
        ) from refused


def _update(provider: str, as_json: bool, **changed: object) -> None:
    with command_connection() as connection:
        require_providers(connection, [provider])
        update_provider(connection, provider, caller_name(), **changed)  # type: ignore[arg-type]
        _print(_read(connection, provider), as_json)


def _read(connection: psycopg.Connection, provider: str) -> Row:
    require_providers(connection, [provider])
    return read_providers(connection, provider)[0]


def _print(row: Row, as_json: bool) -> None:
    output = Terminal(sys.stdout)
    output.json(row) if as_json else show_provider(output, row)
