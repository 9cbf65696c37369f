"""The command ``cost``: what one request costs."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from service.cli.arguments import TIME_HELP, parse_time
from service.cli.options import Json, ModelName, ProviderName
from service.cli.price_tables import show_cost
from service.cli.provider_names import require_price_provider
from service.cli.queries import command_connection
from service.cli.review_queries import read_cost
from service.terminal.output import Terminal


def cost(
    provider: ProviderName,
    model: ModelName,
    usage: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE...",
            help="What the request used and says, such as input_tokens=1000 output_tokens=200 "
            "service_tier=batch; a wrong key is refused with the list of all.",
        ),
    ],
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help=f"When: {TIME_HELP} Default: now."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what one request costs, and its lines.

    By the price in force at the time; for a time to come, by what is announced. Where a price that
    it needs is unknown, the reason is shown and the exit status is 1: do not bill it.
    """
    time = datetime.now(UTC) if at is None else parse_time(at)
    with command_connection() as connection:
        require_price_provider(connection, provider)
        bill = read_cost(connection, provider, model, json.dumps(_parse_usage(usage)), time)
    output = Terminal(sys.stdout)
    if as_json:
        output.json(bill)
    else:
        show_cost(output, bill)
    if bill["cost"] is None:
        raise typer.Exit(1)


def _parse_usage(texts: list[str]) -> dict[str, Any]:
    usage: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text!r} is not KEY=VALUE, as input_tokens=1000.")
        if key in usage:
            raise typer.BadParameter(f"{key} is given twice.")
        usage[key] = value == "true" if value in ("true", "false") else value
    return usage
