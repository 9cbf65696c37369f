"""What a worker does with an attempt: apply prices, or end it without prices."""

from __future__ import annotations

from dataclasses import dataclass, replace

from psycopg.types.json import Jsonb

from tests.db.pricing import Pricing, price
from tests.db.queue_machine.queue_act import Act, Answer, picked
from tests.db.queue_machine.queue_model import CATALOGUE, Model, QueueRow

MODELS = ("m1", "m2")


@dataclass(frozen=True)
class OfAttempt(Act):
    pick: int
    row: int | None = None
    attempt: int = 0
    provider: str = ""

    def resolved(self, model: Model) -> Act | None:
        """Mostly a running attempt; else an earlier one, preferably of a row that runs again."""
        running = [(key, row.attempt) for key, row in model.all("row") if row.status == "doing"]
        if not running or self.pick % 4 == 0:
            ran = [key for key, log in model.all("log") if log.has_started]
            again = {key for key, _ in running}
            late = [(key, n) for key, n in ran if key in again and (key, n) not in running]
            running = late or ran
        found = picked(running, self.pick // 4)
        if found is None:
            return None
        provider = model.get("log", found).provider
        return replace(self, row=found[0], attempt=found[1], provider=provider)

    def aimed(self, key: int, row: QueueRow) -> Act:
        return replace(self, row=key, attempt=row.attempt, provider=row.provider)

    def running(self, model: Model) -> QueueRow | None:
        """The queue row, while it is this attempt's; a late worker waits for no lock."""
        row: QueueRow | None = model.snapshot.get("row", self.row)
        if self._is_mine(row):
            model.lock("row", self.row)
            row = model.get("row", self.row)
        return row if self._is_mine(row) else None

    def _is_mine(self, row: QueueRow | None) -> bool:
        return row is not None and row.status == "doing" and row.attempt == self.attempt


@dataclass(frozen=True)
class Apply(OfAttempt):
    amount: int = 1

    def do(self, pricing: Pricing) -> Answer:
        source = "catalogue:test" if self.provider == CATALOGUE else f"api:{self.provider}"
        more = {"provider": "elsewhere"} if self.provider == CATALOGUE else {}
        listed = [price(model, f"0.00{self.amount}", source=source, **more) for model in MODELS]
        with pricing.as_role("pricing_worker"):
            log = pricing.row(
                "select * from public.apply_provider_prices(%s, %s, %s)",
                self.row,
                self.attempt,
                Jsonb(listed),
            )
        return log["status"]

    def happen(self, model: Model, answer: Answer) -> Answer:
        row = self.running(model)
        log = model.current.get("log", (self.row, self.attempt))
        if log is not None and log.status == "success":
            return "success"
        if row is None or row.abort_requested:
            return "PT409"
        # Read before it waits for the provider's row.
        if not model.current.get("provider", row.provider).is_enabled:
            model.end_attempt(self.row or 0, self.attempt, "cancelled", "disabled")
            model.move(self.row or 0, "aborted")
            return "cancelled"
        of = "elsewhere" if row.provider == CATALOGUE else row.provider
        chain = model.get("prices", of) or ()
        if chain[-1:] != (self.amount,):
            model.put("prices", of, (*chain, self.amount))
        model.change("log", (self.row, self.attempt), status="success")
        model.move(self.row or 0, "succeeded")
        model.change("provider", row.provider, failures=0, is_due=False)
        return "success"


@dataclass(frozen=True)
class End(OfAttempt):
    status: str = "failed"

    def do(self, pricing: Pricing) -> Answer:
        with pricing.as_role("pricing_worker"):
            return pricing.value(
                "select public.end_provider_sync(%s, %s, %s, 'said', 'by the worker')",
                self.row,
                self.attempt,
                self.status,
            )

    def happen(self, model: Model, answer: Answer) -> Answer:
        row = self.running(model)
        if row is None or self.row is None:
            return False
        status = self.status
        if status == "aborted":
            status = "cancelled" if row.abort_requested else "queued"
        if status == "failed":
            model.fail(self.row, "said")
        elif status == "cancelled":
            model.end_attempt(self.row, self.attempt, "cancelled", "said")
            model.move(self.row, "aborted")
        else:
            model.requeue(self.row, "cancelled", "said")
        return True
