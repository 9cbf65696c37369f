"""Acts that queue syncs: triggers and the schedule."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.db.pricing import Pricing
from tests.db.queue_machine.queue_act import Act, Answer, row_ids, rows_of
from tests.db.queue_machine.queue_model import CATALOGUE, PROVIDERS, Job, Model, QueueRow


@dataclass(frozen=True)
class Trigger(Act):
    providers: tuple[str, ...]
    how: str = "queue"
    key: str | None = None

    def do(self, pricing: Pricing) -> Answer:
        job = pricing.trigger(*self.providers, on_conflict=self.how, idempotency_key=self.key)
        return str(job["job_id"]), row_ids(pricing, job["job_id"])

    def happen(self, model: Model, answer: Answer) -> Answer:
        request = (self.providers, self.how)
        if self.key:
            model.lock("key", self.key)
        known = self.key and model.current.get("key", self.key)
        if known:
            return (known[1], rows_of(model, known[1])) if known[0] == request else "PT409"
        if not all(model.current.get("provider", slug).is_enabled for slug in self.providers):
            return "PT422"
        if self.how != "queue":
            for slug in self.providers:
                model.lock("trigger", slug)
        found = None
        now = model.current
        if self.how == "reject":
            if any(row.is_open for slug in self.providers for _, row in now.rows_of(slug)):
                return "PT429"
        elif self.how == "coalesce":
            waiting = [
                (job.number, key)
                for key, job in now.all("job")
                if job.status == "queued"
                and set(job.providers) == set(self.providers)
                and all(log.status == "queued" for _, log in now.logs_of(key))
            ]
            found = min(waiting)[1] if waiting else None
        if found is None:
            if not isinstance(answer, tuple):
                return "a new job"
            found, rows = answer
            model.put("job", found, Job(self.providers, model.number()))
            model.defer(found, zip(rows, self.providers, strict=True))
        if self.key:
            model.put("key", self.key, (request, found))
        return found, rows_of(model, found)


@dataclass(frozen=True)
class EnqueueDue(Act):
    never_waits = True

    def do(self, pricing: Pricing) -> Answer:
        jobs = pricing.rows("select * from public.enqueue_due_pricing_syncs()")
        if not jobs:
            return None
        (job,) = jobs
        return str(job["job_id"]), row_ids(pricing, job["job_id"])

    def happen(self, model: Model, answer: Answer) -> Answer:
        due = [
            slug
            for slug, provider in model.all("provider")
            if provider.is_enabled and provider.is_due
        ]
        # Two locks each: the provider's row, and the lock of triggers that check before they queue.
        locked = [slug for slug in due if model.try_lock("provider", slug)]
        locked = [slug for slug in locked if model.try_lock("trigger", slug)]
        served = [
            slug
            for slug in PROVIDERS
            if any(
                row.is_open and not row.abort_requested and model.get("job", row.job).is_open
                for _, row in model.rows_of(slug)
            )
        ]
        enqueued = [slug for slug in locked if slug not in served]
        if set(due) | set(served) > {CATALOGUE}:
            enqueued = [slug for slug in enqueued if slug != CATALOGUE]
        for slug in locked:
            if slug in served or slug in enqueued:
                model.change("provider", slug, is_due=False)
        if not enqueued:
            return None
        if not isinstance(answer, tuple):
            return f"a job of {enqueued}"
        job, rows = answer
        model.put("job", job, Job(tuple(enqueued), model.number()))
        model.defer(job, zip(rows, enqueued, strict=True))
        return job, rows_of(model, job)


@dataclass(frozen=True)
class BeDue(Act):
    provider: str

    def aimed(self, key: int, row: QueueRow) -> Act:
        return replace(self, provider=row.provider)

    def do(self, pricing: Pricing) -> Answer:
        return pricing.do(
            "update public.pricing_providers set next_sync_at = null where slug = %s",
            self.provider,
        )

    def happen(self, model: Model, answer: Answer) -> Answer:
        model.change("provider", self.provider, is_due=True)
        return 1
