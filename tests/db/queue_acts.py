"""What hands do to the queue, one class each: how it is done, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from psycopg.types.json import Jsonb

from tests.db.clock import time_passes
from tests.db.pricing import Pricing, price
from tests.db.queue_model import CATALOGUE, PROVIDERS, Job, Model, QueueRow, Worker

# What an act answers: a value, or the SQLSTATE of its refusal.
Answer = Any
NOBODY = "00000000-0000-0000-0000-000000000000"
MODELS = ("m1", "m2")


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


# Triggers.


@dataclass(frozen=True)
class Trigger(Act):
    providers: tuple[str, ...]
    how: str = "queue"
    key: str | None = None

    def do(self, pricing: Pricing) -> Answer:
        job = pricing.trigger(*self.providers, on_conflict=self.how, idempotency_key=self.key)
        return str(job["job_id"]), _row_ids(pricing, job["job_id"])

    def happen(self, model: Model, answer: Answer) -> Answer:
        request = (self.providers, self.how)
        if self.key:
            model.lock("key", self.key)
        known = self.key and model.current.get("key", self.key)
        if known:
            return (known[1], _rows_of(model, known[1])) if known[0] == request else "PT409"
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
        return found, _rows_of(model, found)


@dataclass(frozen=True)
class EnqueueDue(Act):
    never_waits = True

    def do(self, pricing: Pricing) -> Answer:
        jobs = pricing.rows("select * from public.enqueue_due_pricing_syncs()")
        if not jobs:
            return None
        (job,) = jobs
        return str(job["job_id"]), _row_ids(pricing, job["job_id"])

    def happen(self, model: Model, answer: Answer) -> Answer:
        due = [
            slug
            for slug, provider in model.all("provider")
            if provider.is_enabled and provider.is_due
        ]
        # Two locks each: the provider's row, and that of the triggers who look first.
        held = [slug for slug in due if model.hold("provider", slug)]
        held = [slug for slug in held if model.hold("trigger", slug)]
        served = [
            slug
            for slug in PROVIDERS
            if any(
                row.is_open and not row.abort_requested and model.get("job", row.job).is_open
                for _, row in model.rows_of(slug)
            )
        ]
        enqueued = [slug for slug in held if slug not in served]
        if set(due) | set(served) > {CATALOGUE}:
            enqueued = [slug for slug in enqueued if slug != CATALOGUE]
        for slug in held:
            if slug in served or slug in enqueued:
                model.change("provider", slug, is_due=False)
        if not enqueued:
            return None
        if not isinstance(answer, tuple):
            return f"a job of {enqueued}"
        job, rows = answer
        model.put("job", job, Job(tuple(enqueued), model.number()))
        model.defer(job, zip(rows, enqueued, strict=True))
        return job, _rows_of(model, job)


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


# Workers.


@dataclass(frozen=True)
class Start(Act):
    """A worker registers."""

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
            # Also when somebody has it: what comes later does not overtake.
            taken.add(row.provider)
            if model.hold("row", key):
                model.change("row", key, worker=self.worker)
                model.move(key, "doing")
                return key, row.attempt
        return None


@dataclass(frozen=True)
class OfAttempt(Act):
    pick: int
    row: int | None = None
    attempt: int = 0
    provider: str = ""

    def resolved(self, model: Model) -> Act | None:
        """One that runs, mostly; else one that ran once, best of a row that runs again."""
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
        """The queue row, while it is this attempt's; somebody who is late waits for nobody."""
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
        # Asked before it waits for the provider's row.
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
    """A worker that starts does it."""

    def do(self, pricing: Pricing) -> Answer:
        rows = pricing.rows(
            "select worker_id from procrastinate.procrastinate_prune_stalled_workers_v1(30)"
        )
        return sorted(row["worker_id"] for row in rows)

    def happen(self, model: Model, answer: Answer) -> Answer:
        gone = [key for key, worker in model.all("worker") if not worker.is_alive]
        for key in gone:
            model.put("worker", key, None)
            for row_id, row in model.all("row"):
                if row.worker == key:
                    model.change("row", row_id, worker=None)
        return gone


# Clean-up and retention.


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
        return model.release_stalled()


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
        held = {key for key, row in rows.items() if not row.is_open and model.hold("row", key)}
        for job in ended:
            of_job = {key for key, row in rows.items() if row.job == job}
            if not of_job <= held or not model.hold("job", job):
                continue
            forgotten += 1
            for key in of_job:
                model.put("row", key, None)
            for log_key, _ in model.logs_of(job):
                model.put("log", log_key, None)
            model.put("job", job, None)
        return forgotten


# People.


@dataclass(frozen=True)
class OfJob(Act):
    pick: int
    job: str = NOBODY

    def resolved(self, model: Model) -> Act | None:
        """The newest, mostly; sometimes one that was never there."""
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
    """The operators' own UPDATE."""

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
        return [key for key in _row_ids(pricing, self.job) if key not in self.known]

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
        model.settle(self.job)
        return answer


@dataclass(frozen=True)
class Release(Act):
    """DELETE of a lock; of all, without a provider."""

    provider: str | None

    def aimed(self, key: int, row: QueueRow) -> Act:
        return replace(self, provider=self.provider and row.provider)

    def do(self, pricing: Pricing) -> Answer:
        return pricing.do(
            "delete from public.pricing_sync_lock where lock_key = %s",
            f"pricing_sync:{self.provider}" if self.provider else "pricing_sync_global",
        )

    def happen(self, model: Model, answer: Answer) -> Answer:
        held = [
            key
            for key, row in model.snapshot.all("row")
            if row.status == "doing" and self.provider in (None, row.provider)
        ]
        is_whole = bool(held)
        for key in held:
            row = model.get("row", key)
            if row is None or row.status != "doing" or not model.hold("row", key):
                is_whole = False
            elif row.abort_requested:
                model.stop(key, "cancelled")
            else:
                model.requeue(key, "cancelled", "lock_released")
        return int(is_whole)


@dataclass(frozen=True)
class Switch(Act):
    """A provider is enabled or disabled; all of them, without one."""

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


# People with the engine's own tools.


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
        model.settle(row.job)
        return 1


# Time.


@dataclass(frozen=True)
class TimePasses(Act):
    """Longer than any timeout; with ``is_long``, longer than anybody waits for a worker."""

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


def _row_ids(pricing: Pricing, job: object) -> list[int]:
    return [row["id"] for row in pricing.queue_rows(job)]


def _rows_of(model: Model, job: str) -> list[int]:
    return [key for key, row in model.all("row") if row.job == job]
