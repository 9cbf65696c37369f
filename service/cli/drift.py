"""The commands ``drift`` and ``unpriced``: prices to look at."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from service.cli.options import Json, Limit, OfProvider
from service.cli.queries import Row, command_connection
from service.cli.review_queries import read_drift, read_unpriced
from service.cli.review_tables import show_drift, show_unpriced
from service.terminal.output import Terminal


def drift(provider: OfProvider = None, limit: Limit = 50, as_json: Json = False) -> None:
    """Show where providers differ from reference prices.

    Differences of more than 1 % between what a provider lists and the catalogue, which is the list
    of reference prices in the package genai-prices. Either may be old or wrong. Overrides do not
    count. The furthest apart first; token prices in US dollars per 1M tokens.
    """
    with command_connection() as connection:
        rows = read_drift(connection, provider, limit + 1)
    _print(rows, limit, as_json, show_drift, "No price differs from the catalogue's.")


def unpriced(provider: OfProvider = None, limit: Limit = 50, as_json: Json = False) -> None:
    """Show the active models without a price, and why.

    Such a price is unknown, not 0: do not bill by it.
    """
    with command_connection() as connection:
        rows = read_unpriced(connection, provider, limit + 1)
    _print(rows, limit, as_json, show_unpriced, "Every active model has a price.")


def _print(
    rows: list[Row],
    limit: int,
    as_json: bool,
    show: Callable[[Terminal, Sequence[Row]], None],
    nothing: str,
) -> None:
    output = Terminal(sys.stdout)
    if as_json:
        output.json(rows[:limit])
    elif rows:
        show(output, rows[:limit])
    else:
        output.say(nothing)
    if len(rows) > limit:
        Terminal(sys.stderr).say(f"There are more than {limit}: --limit {limit * 10} shows them.")
