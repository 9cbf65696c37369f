"""What a hand does to the queue: how it is done, and what must come of it."""

from __future__ import annotations

from typing import Any

from tests.db.pricing import Pricing
from tests.db.queue_machine.queue_model import Model, QueueRow

# What an act answers: a value, or the SQLSTATE of its refusal.
Answer = Any


class Act:
    """Picks are numbers until ``resolved`` for the queue as it is."""

    # What holds its queue row first and asks then; another may come between.
    row: int | None = None
    never_waits = False

    def resolved(self, model: Model) -> Act | None:
        """With what it picks; None when there is nothing to pick."""
        return self

    def aimed(self, key: int, row: QueueRow) -> Act:
        """The same at this queue row, or its job or provider."""
        return self

    def do(self, pricing: Pricing) -> Answer:
        raise NotImplementedError

    def happen(self, model: Model, answer: Answer) -> Answer:
        """Do the same to the model; the right answer. The given one tells only new ids."""
        raise NotImplementedError


def picked(things: list[Any], pick: int) -> Any:
    return things[pick % len(things)] if things else None


def row_ids(pricing: Pricing, job: object) -> list[int]:
    return [row["id"] for row in pricing.queue_rows(job)]


def rows_of(model: Model, job: str) -> list[int]:
    return [key for key, row in model.all("row") if row.job == job]
