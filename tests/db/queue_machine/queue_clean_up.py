"""Acts that expire and prune: clean-up, expired locks and retention."""

from __future__ import annotations

from dataclasses import dataclass

from tests.db.pricing import Pricing
from tests.db.queue_machine.queue_act import Act, Answer
from tests.db.queue_machine.queue_model import Model


@dataclass(frozen=True)
class CleanUp(Act):
    never_waits = True

    def do(self, pricing: Pricing) -> Answer:
        return pricing.value("select syncs_cleaned from public.cleanup_stuck_pricing_syncs()")

    def happen(self, model: Model, answer: Answer) -> Answer:
        return model.clean_up()


@dataclass(frozen=True)
class CleanLocks(Act):
    never_waits = True

    def do(self, pricing: Pricing) -> Answer:
        return pricing.value("select public.cleanup_expired_pricing_locks()")

    def happen(self, model: Model, answer: Answer) -> Answer:
        return model.expire_stalled()


@dataclass(frozen=True)
class Forget(Act):
    never_waits = True

    def do(self, pricing: Pricing) -> Answer:
        return pricing.value("select public.cleanup_old_pricing_jobs(interval '0')")

    def happen(self, model: Model, answer: Answer) -> Answer:
        forgotten = 0
        promised = {job for _, (_, job) in model.all("key")}
        ended = [key for key, job in model.all("job") if not job.is_open and key not in promised]
        rows = {key: row for key, row in model.all("row") if row.job in ended}
        locked = {
            key for key, row in rows.items() if not row.is_open and model.try_lock("row", key)
        }
        for job in ended:
            of_job = {key for key, row in rows.items() if row.job == job}
            if not of_job <= locked or not model.try_lock("job", job):
                continue
            forgotten += 1
            for key in of_job:
                model.put("row", key, None)
            for log_key, _ in model.logs_of(job):
                model.put("log", log_key, None)
            model.put("job", job, None)
        return forgotten
