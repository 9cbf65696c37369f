"""Check that the price in force is the last one of each model's history."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from service.doctor.check_result import MOST_NAMES, CheckResult, counted, listed, ok, warn

PRICES = "prices"
# The maximum of the function.
MOST_MODELS = 1000

Model = tuple[str, str]


def read_unrecorded_prices(connection: psycopg.Connection) -> list[Model]:
    """Provider and model of up to MOST_MODELS prices that the history lacks."""
    return connection.execute(
        "select provider, model from public.pricing_unrecorded_prices(%s)", [MOST_MODELS]
    ).fetchall()


def check_prices(unrecorded: Sequence[Model]) -> CheckResult:
    """A warning, because prices are synced, but the history does not explain what is charged."""
    if not unrecorded:
        return ok(PRICES, "each price in force is the last one of its history")
    more = " or more" if len(unrecorded) == MOST_MODELS else ""
    return warn(
        PRICES,
        f"{counted(len(unrecorded), 'price')}{more} in force that the history does not have:"
        f" {listed([f'{provider}/{model}' for provider, model in unrecorded])}",
        " ".join(
            f"select from record_price_in_force({_literal(provider)}, {_literal(model)});"
            for provider, model in unrecorded[:MOST_NAMES]
        ),
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
