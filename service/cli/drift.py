"""The commands ``drift`` and ``unpriced``: prices to look at."""

from __future__ import annotations

from service.cli.command_lists import DRIFT
from service.cli.list_output import ListLimit, ListOutput
from service.cli.list_rows import read_list
from service.cli.options import Json, OfProvider
from service.cli.provider_names import require_price_provider
from service.cli.queries import command_connection
from service.cli.review_tables import show_drift, show_unpriced
from service.lists.price_lists import UNPRICED


def drift(provider: OfProvider = None, limit: ListLimit = None, as_json: Json = False) -> None:
    """Show where providers differ from reference prices.

    Differences of more than 1 % between what a provider lists and the catalogue, which is the list
    of reference prices in the package genai-prices. Either may be old or wrong. Overrides do not
    count. The furthest apart first; token prices in US dollars per 1M tokens.
    """
    output = ListOutput(limit, as_json=as_json)
    with command_connection() as connection:
        require_price_provider(connection, provider)
        rows = read_list(connection, DRIFT, {"provider": provider}, limit=output.rows_wanted)
        output.print(rows, show_drift, nothing="No price differs from the catalogue's.")


def unpriced(provider: OfProvider = None, limit: ListLimit = None, as_json: Json = False) -> None:
    """Show the active models without a price, and why.

    Such a price is unknown, not 0: do not bill by it.
    """
    output = ListOutput(limit, as_json=as_json)
    with command_connection() as connection:
        require_price_provider(connection, provider)
        rows = read_list(connection, UNPRICED, {"provider": provider}, limit=output.rows_wanted)
        output.print(rows, show_unpriced, nothing="Every active model has a price.")
