"""The act of time on the queue."""

from __future__ import annotations

from dataclasses import dataclass

from tests.db.clock import time_passes
from tests.db.pricing import Pricing
from tests.db.queue_machine.queue_act import Act, Answer
from tests.db.queue_machine.queue_model import Model, Worker


@dataclass(frozen=True)
class TimePasses(Act):
    """Longer than any timeout; with ``is_long``, longer than queued_timeout too."""

    is_long: bool = False

    def do(self, pricing: Pricing) -> Answer:
        if self.is_long:
            time_passes(pricing, "25 hours", workers_live=False)
        else:
            time_passes(pricing, "11 minutes")
        return None

    def happen(self, model: Model, answer: Answer) -> Answer:
        for key, row in model.all("row"):
            if row.status == "doing":
                model.change("row", key, start_is_old=True, abort_is_old=row.abort_requested)
        if self.is_long:
            for key, log in model.all("log"):
                if log.is_open:
                    model.change("log", key, is_forgotten=True)
            for key, _ in model.all("worker"):
                model.put("worker", key, Worker(is_alive=False, is_recent=False))
            for key, _ in model.all("key"):
                model.put("key", key, None)
        return None
