"""Acts of people on a queue row with the engine's own tools."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.db.pricing import Pricing
from tests.db.queue_machine.queue_act import Act, Answer, picked
from tests.db.queue_machine.queue_model import Model, QueueRow


@dataclass(frozen=True)
class OfRow(Act):
    pick: int
    row: int | None = None

    def resolved(self, model: Model) -> Act | None:
        rows = [key for key, row in model.all("row") if row.is_open or self.pick % 3 == 0]
        return replace(self, row=picked(rows, self.pick // 3)) if rows else None

    def aimed(self, key: int, row: QueueRow) -> Act:
        return replace(self, row=key)


@dataclass(frozen=True)
class EngineCancel(OfRow):
    has_abort: bool = False

    def do(self, pricing: Pricing) -> Answer:
        return pricing.value(
            "select procrastinate.procrastinate_cancel_job_v1(%s, %s, false)",
            self.row,
            self.has_abort,
        )

    def happen(self, model: Model, answer: Answer) -> Answer:
        assert self.row is not None
        row: QueueRow | None = model.snapshot.get("row", self.row)
        if self._is_meant(row):
            model.lock("row", self.row)
            row = model.get("row", self.row)
        if row is None or not self._is_meant(row):
            return None
        if row.status == "todo":
            model.move(self.row, "cancelled")
        else:
            model.change("row", self.row, abort_requested=True)
        return self.row

    def _is_meant(self, row: QueueRow | None) -> bool:
        return row is not None and (
            row.status == "todo" or (row.status == "doing" and self.has_abort)
        )


@dataclass(frozen=True)
class EngineRetry(OfRow):
    def resolved(self, model: Model) -> Act | None:
        rows = [key for key, row in model.all("row") if row.status in ("doing", "failed")]
        return replace(self, row=picked(rows, self.pick)) if rows else super().resolved(model)

    def do(self, pricing: Pricing) -> Answer:
        return pricing.do(
            "select procrastinate.procrastinate_retry_job_v2(%s, now(), null, null, null)",
            self.row,
        )

    def happen(self, model: Model, answer: Answer) -> Answer:
        assert self.row is not None
        row: QueueRow | None = model.snapshot.get("row", self.row)
        if row is not None and row.status in ("doing", "failed"):
            model.lock("row", self.row)
            row = model.get("row", self.row)
        if row is None or row.status not in ("doing", "failed"):
            return "P0001"
        aborted = row.status == "doing" and row.abort_requested
        model.move(self.row, "failed" if aborted else "todo")
        return 1


@dataclass(frozen=True)
class DeleteRow(OfRow):
    def do(self, pricing: Pricing) -> Answer:
        return pricing.do("delete from procrastinate.procrastinate_jobs where id = %s", self.row)

    def happen(self, model: Model, answer: Answer) -> Answer:
        assert self.row is not None
        if model.snapshot.get("row", self.row) is None:
            return 0
        model.lock("row", self.row)
        row: QueueRow | None = model.get("row", self.row)
        if row is None:
            return 0
        if row.is_open:
            status = "cancelled" if row.status == "todo" else "failed"
            model.end_attempt(self.row, row.attempt, status, "queue_row_deleted")
        model.put("row", self.row, None)
        model.project_job(row.job)
        return 1
