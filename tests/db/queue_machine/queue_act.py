"""One act on the queue: how it is done, and what its result must be."""

from __future__ import annotations

from typing import Any

from tests.db.pricing import Pricing
from tests.db.queue_machine.queue_model import Model, QueueRow

# The result of an act: a value, or the SQLSTATE of its refusal.
Answer = Any


class Act:
    """Picks are numbers until ``resolved`` turns them into rows of the current queue."""

    # The queue row of an act that locks it first and reads then; another act may come between.
    row: int | None = None
    never_waits = False

    def resolved(self, model: Model) -> Act | None:
        """The act with its picks made; None when there is nothing to pick."""
        return self

    def aimed(self, key: int, row: QueueRow) -> Act:
        """The same act on this queue row, or on its job or provider."""
        return self

    def do(self, pricing: Pricing) -> Answer:
        raise NotImplementedError

    def happen(self, model: Model, answer: Answer) -> Answer:
        """Do the same to the model; returns the right result. ``answer`` supplies only new ids."""
        raise NotImplementedError


def picked(things: list[Any], pick: int) -> Any:
    return things[pick % len(things)] if things else None


def row_ids(pricing: Pricing, job: object) -> list[int]:
    return [row["id"] for row in pricing.queue_rows(job)]


def rows_of(model: Model, job: str) -> list[int]:
    return [key for key, row in model.all("row") if row.job == job]
