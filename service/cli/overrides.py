"""The commands of overrides: ``override set``, ``clear`` and ``list``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from service.calls.previews import preview_override
from service.calls.review import clear_override, set_override
from service.cli.arguments import (
    EXPIRY_HELP,
    TIME_HELP,
    caller_name,
    parse_amount,
    parse_condition,
    parse_expiry,
    parse_prices,
    parse_time,
)
from service.cli.confirmation import Yes, confirm
from service.cli.list_rows import read_list
from service.cli.options import Json, ModelName, OfProvider, ProviderName, Reason
from service.cli.price_cells import shown_prices
from service.cli.provider_names import require_price_provider
from service.cli.queries import command_connection
from service.cli.review_tables import show_overrides
from service.lists.review_lists import OVERRIDES
from service.terminal.output import Terminal, shown_time

override = typer.Typer(
    name="override",
    no_args_is_help=True,
    help="Set a model's prices yourself, or end that.",
)


@override.command("set")
def set_command(
    provider: ProviderName,
    model: ModelName,
    reason: Reason,
    input_price: Annotated[
        str | None,
        typer.Option("--input", metavar="USD", help="US dollars per 1M input tokens."),
    ] = None,
    output_price: Annotated[
        str | None,
        typer.Option("--output", metavar="USD", help="US dollars per 1M output tokens."),
    ] = None,
    prices: Annotated[
        list[str] | None,
        typer.Option(
            "--price",
            metavar="NAME=USD",
            help="Any other price, such as cache_read_per_1m=0.3 or per_image=0.04; may be "
            "repeated. The names are those of the view model_prices; a wrong "
            "one is refused with the list of all.",
        ),
    ] = None,
    conditions: Annotated[
        list[str] | None,
        typer.Option(
            "--condition",
            metavar="JSON",
            help='Prices for some requests, such as {"service_tier": "batch", "input_per_1m": 0.5};'
            " may be repeated. docs/gateway.md has the keys.",
        ),
    ] = None,
    starts: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help=f"When it begins: {TIME_HELP} Default: now."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until", metavar="TIME", help=f"When it ends: {EXPIRY_HELP} Default: never."
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Set the prices although they look wrong; the audit log records it."
        ),
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Set a model's prices, whatever its provider lists.

    Says by how much the price in force changes; on a terminal it asks.

    In US dollars per 1M tokens, in force at once or from --from on. Prices that are not named
    follow the provider. An existing override is replaced whole, also where the new one begins
    later. Prices that look wrong beside the provider's, such as
    10 times as much, need --force. `override clear` ends it.
    """
    amounts = parse_prices(prices or [])
    for name, text in (("input_per_1m", input_price), ("output_per_1m", output_price)):
        if text is not None:
            if name in amounts:
                raise typer.BadParameter(f"{name} is given twice.")
            amounts[name] = parse_amount(text)
    if not amounts and not conditions:
        raise typer.BadParameter("Give --input, --output, --price or --condition.")
    expires_at = None if until is None else parse_expiry(until)
    effective_from = None if starts is None else parse_time(starts)
    entries = [parse_condition(text) for text in conditions or []]
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        require_price_provider(connection, provider)
        confirm(
            "Set",
            lambda: preview_override(
                connection,
                provider,
                model,
                amounts,
                conditions=entries,
                effective_from=effective_from,
            ),
            yes=yes,
        )
        row = set_override(
            connection,
            provider,
            model,
            amounts,
            conditions=entries,
            effective_from=effective_from,
            expires_at=expires_at,
            reason=reason,
            force=force,
            who=caller_name(),
        )
    if as_json:
        output.json(row)
    else:
        end = "" if row["expires_at"] is None else f", until {shown_time(row['expires_at'])}"
        output.say(f"{provider} {model}: {shown_prices(row['prices'])}{end}.")


@override.command("clear")
def clear_command(
    provider: ProviderName, model: ModelName, yes: Yes = False, as_json: Json = False
) -> None:
    """End the override: the model follows its provider again.

    Says by how much the price in force changes; on a terminal it asks.
    """
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        require_price_provider(connection, provider)
        confirm(
            "Clear",
            lambda: preview_override(connection, provider, model, {}),
            yes=yes,
        )
        row = clear_override(connection, provider, model, caller_name())
    if as_json:
        output.json(row)
    else:
        output.say(f"{provider} {model} follows its provider again.")


@override.command("list")
def list_command(provider: OfProvider = None, as_json: Json = False) -> None:
    """Show the overrides in force."""
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        require_price_provider(connection, provider)
        rows = list(read_list(connection, OVERRIDES, {"provider": provider}, sort="name"))
    if as_json:
        output.json(rows)
    elif rows:
        show_overrides(output, rows)
    else:
        output.say("There is no override: `pricing-sync override set` makes one.")
