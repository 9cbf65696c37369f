"""Acts of people on a job, a lock or a provider by SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.db.pricing import Pricing
from tests.db.queue_machine.queue_act import Act, Answer, picked, row_ids
from tests.db.queue_machine.queue_model import PROVIDERS, Job, Model, QueueRow

NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class OfJob(Act):
    pick: int
    job: str = NOBODY

    def resolved(self, model: Model) -> Act | None:
        """Mostly the newest; sometimes one that never existed."""
        jobs = [key for _, key in sorted((job.number, key) for key, job in model.all("job"))]
        if self.pick % 10 == 0:
            return self
        return replace(self, job=picked(jobs[-2:], self.pick)) if jobs else None

    def aimed(self, key: int, row: QueueRow) -> Act:
        return replace(self, job=row.job)


@dataclass(frozen=True)
class Cancel(OfJob):
    def do(self, pricing: Pricing) -> Answer:
        return pricing.value(
            "select status from public.cancel_pricing_sync(%s)",
            self.job,
        )

    def happen(self, model: Model, answer: Answer) -> Answer:
        job: Job | None = model.snapshot.get("job", self.job)
        if job is None:
            return "PT404"
        if job.is_open:
            model.lock("job", self.job)
            job = model.get("job", self.job)
        if job is None or not job.is_open:
            return "PT409"
        model.end_job(self.job, "cancelled", "cancelled")
        return "cancelled"


@dataclass(frozen=True)
class Mark(OfJob):
    """UPDATE of a job by an operator."""

    status: str = "failed"

    def do(self, pricing: Pricing) -> Answer:
        return pricing.do(
            "update public.pricing_sync_jobs set status = %s, completed_at = now(),"
            " error_message = 'Manually marked' where job_id = %s",
            self.status,
            self.job,
        )

    def happen(self, model: Model, answer: Answer) -> Answer:
        if model.snapshot.get("job", self.job) is None:
            return 0
        model.lock("job", self.job)
        job: Job | None = model.get("job", self.job)
        if job is None:
            return 0
        if job.status == self.status:
            return 1
        if not job.is_open or self.status not in ("failed", "cancelled"):
            return "PT409"
        model.end_job(
            self.job, self.status, "cancelled" if self.status == "cancelled" else "stopped"
        )
        return 1


@dataclass(frozen=True)
class Retry(OfJob):
    known: frozenset[int] = frozenset()

    def resolved(self, model: Model) -> Act | None:
        act = super().resolved(model)
        assert act is None or isinstance(act, Retry)
        return act and replace(act, known=frozenset(key for key, _ in model.all("row")))

    def do(self, pricing: Pricing) -> Answer:
        pricing.do("select public.retry_pricing_sync(%s)", self.job)
        return [key for key in row_ids(pricing, self.job) if key not in self.known]

    def happen(self, model: Model, answer: Answer) -> Answer:
        if model.snapshot.get("job", self.job) is not None:
            model.lock("job", self.job)
        job: Job | None = model.get("job", self.job)
        if job is None:
            return "PT404"
        latest = model.latest(self.job)
        again = [slug for slug in job.providers if latest[slug].status in ("failed", "cancelled")]
        if not again:
            return "PT409"
        if not all(model.get("provider", slug).is_enabled for slug in again):
            return "PT422"
        if not isinstance(answer, list):
            return f"new rows of {again}"
        model.reopen(self.job)
        model.defer(self.job, zip(answer, again, strict=True))
        model.project_job(self.job)
        return answer


@dataclass(frozen=True)
class Release(Act):
    """DELETE of a provider's lock; of all locks without a provider."""

    provider: str | None

    def aimed(self, key: int, row: QueueRow) -> Act:
        return replace(self, provider=self.provider and row.provider)

    def do(self, pricing: Pricing) -> Answer:
        return pricing.do(
            "delete from public.pricing_sync_lock where lock_key = %s",
            f"pricing_sync:{self.provider}" if self.provider else "pricing_sync_global",
        )

    def happen(self, model: Model, answer: Answer) -> Answer:
        locked = [
            key
            for key, row in model.snapshot.all("row")
            if row.status == "doing" and self.provider in (None, row.provider)
        ]
        is_whole = bool(locked)
        for key in locked:
            row = model.get("row", key)
            if row is None or row.status != "doing" or not model.try_lock("row", key):
                is_whole = False
            elif row.abort_requested:
                model.stop(key, "cancelled")
            else:
                model.requeue(key, "cancelled", "lock_released")
        return int(is_whole)


@dataclass(frozen=True)
class Switch(Act):
    """Enable or disable a provider; all of them without one."""

    provider: str | None
    is_enabled: bool

    def aimed(self, key: int, row: QueueRow) -> Act:
        return replace(self, provider=self.provider and row.provider)

    def do(self, pricing: Pricing) -> Answer:
        return pricing.do(
            "update public.pricing_providers set enabled = %s where slug = any (%s)",
            self.is_enabled,
            [self.provider] if self.provider else [*PROVIDERS],
        )

    def happen(self, model: Model, answer: Answer) -> Answer:
        slugs = [slug for slug in PROVIDERS if self.provider in (None, slug)]
        were = {slug: model.get("provider", slug).is_enabled for slug in slugs}
        for slug in slugs:
            model.change("provider", slug, is_enabled=self.is_enabled)
        for slug in slugs:
            if were[slug] and not self.is_enabled:
                model.cancel_disabled(slug)
        return len(slugs)
