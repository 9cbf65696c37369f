"""Read the tables into the form of the book."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.replay.book import Entry, Page
from tests.replay.published import AXES, CONDITION_KEYS, PriceSet, without_zero_fees
from tests.support.syncing import Queue

COLUMNS = ", ".join(sorted(AXES))


def stored_pages(queue: Queue, provider: str, days: Mapping[str, str]) -> dict[str, Page]:
    """Every model of a provider with its history; ``days`` maps a job's id to the day of its list.

    The history is in the order of the table's own times.
    """
    pages: dict[str, Page] = {}
    by_row: dict[int, Page] = {}
    for row in queue.rows(
        f"select id, model_id, missing_count, is_active, conditions, {COLUMNS}"
        " from model_pricing where provider_slug = %s",
        provider,
    ):
        page = Page(_price_set(row), [], row["missing_count"], row["is_active"])
        pages[row["model_id"]] = by_row[row["id"]] = page
    for row in queue.rows(
        "select model_id, job_id::text, changed_by, is_in_force,"
        f" previous_input_price, previous_output_price, conditions, {COLUMNS}"
        " from model_pricing_history order by changed_at, id"
    ):
        assert (row["changed_by"], row["is_in_force"]) == (f"api_sync:{provider}", True), row
        previous = (row["previous_input_price"], row["previous_output_price"])
        by_row[row["model_id"]].history.append(
            Entry(days[row["job_id"]], _price_set(row), *previous)
        )
    return pages


def decimals(prices: Mapping[str, Any]) -> PriceSet:
    """A price set in jsonb, with numbers in place of text."""
    read: PriceSet = {axis: Decimal(prices[axis]) for axis in AXES if axis in prices}
    conditions = [_condition(condition) for condition in prices.get("conditions", [])]
    return without_zero_fees(read) | ({"conditions": conditions} if conditions else {})


def _price_set(row: Mapping[str, Any]) -> PriceSet:
    known = {axis: str(row[axis]) for axis in AXES if row[axis] is not None}
    return decimals(known | {"conditions": row["conditions"]})


def _condition(condition: Mapping[str, Any]) -> PriceSet:
    assert condition.keys() <= AXES | CONDITION_KEYS, condition
    return {key: Decimal(value) if key in AXES else value for key, value in condition.items()}
