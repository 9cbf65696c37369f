"""A model of the queue in Python: what each act does, by the rules and not by the SQL.

A model is what a transaction sees. Its facts are immutable values in one dictionary, so that the
facts of two transactions can be compared and merged: what one transaction has touched is locked for
the other, which waits for it or skips it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

CATALOGUE = "catalogue"
PROVIDERS = (CATALOGUE, "deepinfra", "openrouter")
MAX_ATTEMPTS = 3

# ("row", 7), ("log", (7, 1)), ("job", "..."), ("provider", "openrouter"), ("key", "a"), ("prices",
# "openrouter"); and ("trigger", "openrouter"), which is no fact but can be locked.
Key = tuple[str, Any]


@dataclass(frozen=True)
class Job:
    providers: tuple[str, ...]
    number: int
    status: str = "queued"
    outcome: str | None = None
    is_stopped: bool = False
    synced: int = 0
    failed: int = 0
    errors: int = 0

    @property
    def is_open(self) -> bool:
        return self.outcome is None


@dataclass(frozen=True)
class QueueRow:
    provider: str
    job: str
    status: str = "todo"
    attempts: int = 0
    abort_requested: bool = False
    worker: int | None = None
    # The abort is older than the lease, or the start is older than the timeout.
    abort_is_old: bool = False
    start_is_old: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in ("todo", "doing")

    @property
    def attempt(self) -> int:
        return self.attempts + 1


@dataclass(frozen=True)
class Log:
    job: str
    provider: str
    number: int
    status: str = "queued"
    kind: str | None = None
    has_started: bool = False
    # Has waited longer than queued_timeout.
    is_forgotten: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in ("queued", "in_progress")


@dataclass(frozen=True)
class Provider:
    is_enabled: bool = True
    failures: int = 0
    is_due: bool = True


@dataclass(frozen=True)
class Worker:
    is_alive: bool = True
    # Was seen within queued_timeout.
    is_recent: bool = True


@dataclass
class Model:
    facts: dict[Key, Any] = field(
        default_factory=lambda: {("provider", slug): Provider() for slug in PROVIDERS}
    )
    touched: set[Key] = field(default_factory=set)
    # Locked by another transaction: an act skips it, or waits until that transaction has ended.
    locked: frozenset[Key] = frozenset()
    may_wait: bool = False
    # The facts without the other transaction's changes, for a statement that began before its end.
    seen: Model | None = None

    def copy(self) -> Model:
        return Model(dict(self.facts))

    @property
    def snapshot(self) -> Model:
        """What a statement sees that began before any wait."""
        return self.seen or self

    @property
    def current(self) -> Model:
        """What a statement sees that begins now."""
        return self.snapshot if self.locked else self

    # Facts and locks.

    def get(self, of: str, key: Any, /) -> Any:
        return self.facts.get((of, key))

    def put(self, of: str, key: Any, fact: Any, /) -> None:
        self.lock(of, key)
        if fact is None:
            self.facts.pop((of, key), None)
        else:
            self.facts[of, key] = fact

    def change(self, of: str, key: Any, /, **fields: Any) -> None:
        self.put(of, key, replace(self.get(of, key), **fields))

    def lock(self, of: str, key: Any, /) -> None:
        """Wait for the other transaction if it has locked this."""
        if (of, key) in self.locked:
            assert self.may_wait, f"it did not wait for {of} {key}"
            self.locked = frozenset()
        self.touched.add((of, key))

    def try_lock(self, of: str, key: Any, /) -> bool:
        """Lock it unless the other transaction has."""
        if (of, key) in self.locked:
            return False
        self.touched.add((of, key))
        return True

    def all(self, of: str) -> list[tuple[Any, Any]]:
        facts = [(key, fact) for (kind, key), fact in self.facts.items() if kind == of]
        return sorted(facts, key=lambda item: item[0])

    def number(self) -> int:
        """A number above all that exist."""
        return 1 + max(
            (f.number for (of, _), f in self.facts.items() if of in ("job", "log")), default=0
        )

    def logs_of(self, job: str) -> list[tuple[tuple[int, int], Log]]:
        return [(key, log) for key, log in self.all("log") if log.job == job]

    def latest(self, job: str) -> dict[str, Log]:
        """The newest attempt of each provider of a job."""
        logs = sorted((log for _, log in self.logs_of(job)), key=lambda log: log.number)
        return {log.provider: log for log in logs}

    def rows_of(self, provider: str) -> list[tuple[int, QueueRow]]:
        return [(key, row) for key, row in self.all("row") if row.provider == provider]

    def orphans(self) -> list[int]:
        """Rows open under an ended job, because a transaction had locked them and did nothing."""
        return [
            key
            for key, row in self.all("row")
            if row.is_open and not self.get("job", row.job).is_open
        ]

    # Steps of the acts.

    def project_job(self, key: str) -> bool:
        """Bring a job in line with its attempts; returns whether it is open."""
        job: Job | None = self.get("job", key)
        if job is None:
            return False
        latest = [log.status for log in self.latest(key).values()]
        synced, errors = latest.count("success"), latest.count("failed")
        status, outcome = job.status, job.outcome
        if job.is_open:
            if any(log.is_open for log in self.latest(key).values()):
                has_started = any(log.has_started for _, log in self.logs_of(key))
                status = "running" if has_started else "queued"
            elif synced:
                status, outcome = "completed", "success" if synced == len(latest) else "partial"
            else:
                status = outcome = "failed" if errors else "cancelled"
        self.change(
            "job",
            key,
            status=status,
            outcome=outcome,
            synced=synced,
            failed=errors + latest.count("cancelled"),
            errors=errors,
        )
        return outcome is None

    def end_attempt(self, row: int, attempt: int, status: str, kind: str | None) -> None:
        log = self.get("log", (row, attempt))
        if log is not None and log.is_open:
            self.change("log", (row, attempt), status=status, kind=kind)

    def move(self, key: int, status: str) -> None:
        """Give a queue row another status, with its log and job."""
        old: QueueRow = self.get("row", key)
        attempts = old.attempts + (old.status == "doing" and status != "doing")
        if not old.is_open and status == "todo":
            attempts = max([attempts, *(n for (row, n), _ in self.all("log") if row == key)])
        new = replace(old, status=status, attempts=attempts, start_is_old=False)
        if status != "doing":
            new = replace(new, abort_requested=False, abort_is_old=False, worker=None)
        self.put("row", key, new)

        if status == "doing":
            self.change("log", (key, new.attempt), status="in_progress", has_started=True)
        elif status == "todo":
            if old.is_open:
                self.end_attempt(key, old.attempt, "failed", "ended_outside")
            else:
                self.reopen(old.job)
            log = Log(old.job, old.provider, self.number())
            self.put("log", (key, new.attempt), log)
        elif status == "failed":
            self.end_attempt(key, old.attempt, "failed", "ended_outside")
        elif status != "succeeded":
            self.end_attempt(key, old.attempt, "cancelled", "cancelled")
        if not self.project_job(old.job) and new.is_open:
            self.stop(key, "stopped")

    def stop(self, key: int, kind: str) -> bool:
        """Take a sync out of the queue in any state, unless the other transaction has locked it."""
        row: QueueRow | None = self.get("row", key)
        if row is None or not row.is_open or not self.try_lock("row", key):
            return False
        self.end_attempt(key, row.attempt, "cancelled", kind)
        self.move(key, "aborted" if row.status == "doing" else "cancelled")
        return True

    def requeue(self, key: int, status: str, kind: str) -> None:
        self.end_attempt(key, self.get("row", key).attempt, status, kind)
        self.move(key, "todo")

    def fail(self, key: int, kind: str) -> None:
        """Count a failed attempt of a provider."""
        row: QueueRow = self.get("row", key)
        self.end_attempt(key, row.attempt, "failed", kind)
        self.move(key, "failed")
        failures = self.get("provider", row.provider).failures + 1
        self.change("provider", row.provider, failures=failures)

    def defer(self, job: str, rows: Iterable[tuple[int, str]]) -> None:
        for key, provider in rows:
            self.put("row", key, QueueRow(provider, job))
            self.put("log", (key, 1), Log(job, provider, self.number()))

    def reopen(self, key: str) -> None:
        if not self.get("job", key).is_open:
            self.change("job", key, status="running", outcome=None, is_stopped=False)

    def end_job(self, key: str, status: str, kind: str) -> None:
        """End a job as a person does; rows locked by another transaction are skipped."""
        self.change("job", key, status=status, outcome=status, is_stopped=True)
        for (row, _), log in self.logs_of(key):
            if log.is_open:
                self.stop(row, kind)

    # Clean-up, in the order of its steps.

    def clean_up(self) -> int:
        cleaned = 0
        for key in self.orphans():
            if self._hold_whole(key):
                cleaned += self.stop(key, "stopped")
        cleaned += self.cancel_disabled()
        cleaned += self.expire_stalled()
        for key, row in self.all("row"):
            if row.status == "doing" and row.abort_is_old and self._hold_whole(key):
                cleaned += self.stop(key, "cancelled")
        for key, row in self.all("row"):
            if (
                row.status == "doing"
                and row.start_is_old
                and self._is_alive(row)
                and self._hold_whole(key)
            ):
                self.fail(key, "timeout")
                cleaned += 1
        if not any(worker.is_recent for _, worker in self.all("worker")):
            for key, row in self.all("row"):
                log = self.get("log", (key, row.attempt))
                if row.status == "todo" and log.is_forgotten and self._hold_whole(key):
                    self.end_attempt(key, row.attempt, "failed", "no_worker")
                    self.move(key, "failed")
                    cleaned += 1
        return cleaned

    def cancel_disabled(self, provider: str | None = None) -> int:
        cancelled = 0
        for key, row in self.all("row"):
            if (
                row.status == "todo"
                and provider in (None, row.provider)
                and not self.get("provider", row.provider).is_enabled
                and self._hold_whole(key)
            ):
                cancelled += self.stop(key, "disabled")
        return cancelled

    def expire_stalled(self) -> int:
        released = 0
        for key, row in self.all("row"):
            if row.status != "doing" or self._is_alive(row) or not self._hold_whole(key):
                continue
            lost = sum(log.kind == "worker_lost" for (of, _), log in self.all("log") if of == key)
            if row.abort_requested:
                self.stop(key, "cancelled")
            elif lost + 1 >= MAX_ATTEMPTS:
                self.fail(key, "worker_lost")
            else:
                self.requeue(key, "failed", "worker_lost")
            released += 1
        return released

    def _hold_whole(self, key: int) -> bool:
        row: QueueRow = self.get("row", key)
        parts = [("job", row.job), ("row", key), ("provider", row.provider)]
        return all(self.try_lock(*part) for part in parts)

    def _is_alive(self, row: QueueRow) -> bool:
        worker: Worker | None = self.get("worker", row.worker)
        return worker is not None and worker.is_alive


def merged(base: Model, first: Model, second: Model) -> Model:
    """Merge two transactions that began with the same facts and did not wait for each other."""
    both = second.copy()
    for key in first.facts.keys() | base.facts.keys():
        fact = first.facts.get(key)
        if fact == base.facts.get(key):
            continue
        assert second.facts.get(key) == base.facts.get(key), f"both have changed {key}"
        if fact is None:
            del both.facts[key]
        else:
            both.facts[key] = fact
    return both
