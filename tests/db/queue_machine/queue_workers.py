"""Acts of workers besides their syncs: start, fetch, fall silent, be pruned."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.db.pricing import Pricing
from tests.db.queue_machine.queue_act import Act, Answer, picked
from tests.db.queue_machine.queue_model import Model, Worker


@dataclass(frozen=True)
class Start(Act):
    """Register a worker."""

    def do(self, pricing: Pricing) -> Answer:
        return pricing.worker()

    def happen(self, model: Model, answer: Answer) -> Answer:
        model.put("worker", answer, Worker())
        return answer


@dataclass(frozen=True)
class Fetch(Act):
    pick: int
    by_engine: bool = False
    worker: int | None = None

    def resolved(self, model: Model) -> Act | None:
        workers = [key for key, _ in model.all("worker")]
        return replace(self, worker=picked(workers, self.pick)) if workers else None

    def do(self, pricing: Pricing) -> Answer:
        if self.by_engine:
            attempt = pricing.fetch(self.worker)
            return attempt and (attempt.queue_job_id, attempt.number)
        with pricing.as_role("pricing_worker"):
            row = pricing.row("select * from public.fetch_queue_row(null, %s)", self.worker)
        return row["id"] and (row["id"], row["attempts"] + 1)

    def happen(self, model: Model, answer: Answer) -> Answer:
        seen = model.snapshot
        taken: set[str] = set()
        for _, row in seen.all("row"):
            if row.status == "doing":
                taken.add(row.provider)
        for key, row in seen.all("row"):
            if row.status != "todo" or row.provider in taken:
                continue
            # Also when another session has locked it: later rows do not overtake it.
            taken.add(row.provider)
            if model.try_lock("row", key):
                model.change("row", key, worker=self.worker)
                model.move(key, "doing")
                return key, row.attempt
        return None


@dataclass(frozen=True)
class BeSilent(Act):
    pick: int
    worker: int | None = None

    def resolved(self, model: Model) -> Act | None:
        workers = [key for key, _ in model.all("worker")]
        return replace(self, worker=picked(workers, self.pick)) if workers else None

    def do(self, pricing: Pricing) -> Answer:
        return pricing.do(
            "update procrastinate.procrastinate_workers"
            " set last_heartbeat = last_heartbeat - interval '1 minute' where id = %s",
            self.worker,
        )

    def happen(self, model: Model, answer: Answer) -> Answer:
        if model.get("worker", self.worker) is None:
            return 0
        model.change("worker", self.worker, is_alive=False)
        return 1


@dataclass(frozen=True)
class Beat(BeSilent):
    def do(self, pricing: Pricing) -> Answer:
        return pricing.do(
            "update procrastinate.procrastinate_workers set last_heartbeat = clock_timestamp()"
            " where id = %s",
            self.worker,
        )

    def happen(self, model: Model, answer: Answer) -> Answer:
        if model.get("worker", self.worker) is None:
            return 0
        model.put("worker", self.worker, Worker())
        return 1


@dataclass(frozen=True)
class Prune(Act):
    """The pruning that a starting worker does."""

    def do(self, pricing: Pricing) -> Answer:
        rows = pricing.rows("select worker_id from public.prune_pricing_workers(30) as worker_id")
        return sorted(row["worker_id"] for row in rows)

    def happen(self, model: Model, answer: Answer) -> Answer:
        gone = [key for key, worker in model.all("worker") if not worker.is_alive]
        for key in gone:
            model.put("worker", key, None)
            for row_id, row in model.all("row"):
                if row.worker == key:
                    model.change("row", row_id, worker=None)
        return gone
