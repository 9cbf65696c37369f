"""Run random acts on many connections at once and check what must never happen.

Never: a deadlock, an unexpected error, a warning of ours, and, once all connections are idle, a
contradiction between queue, log, jobs and locks.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from threading import Barrier, Lock

import psycopg
from psycopg.rows import dict_row

from tests.db.agreement import disagreements
from tests.db.price_chains import broken_chains
from tests.db.pricing import Attempt, Pricing, Row, price

PROVIDERS = ("catalogue", "deepinfra", "openrouter")
MODELS = ("m1", "m2", "m3")
# What our functions raise when there is nothing left to do.
REFUSALS = {"PT404", "PT409", "PT422", "PT429"}

# These follow the lock order or never wait: the tables agree at once after them.
ORDERLY = [
    *("fetch", "apply", "end", "trigger", "defer", "cancel", "retry", "enqueue_due"),
    *("update_job", "update_job_otherwise", "update_jobs", "delete_lock", "delete_locks"),
    *("disable", "disable_all", "enable_all", "delete_queue_row", "silence", "take_long"),
    *("clean_up", "clean_locks", "forget"),
    *("hold", "approve", "approve_all", "reject", "accept", "end_rule"),
    *("override", "clear_override", "expire", "roll_sync_back"),
]
# These lock a queue row and may leave it unchanged. A person who ends its job meanwhile skips the
# locked row, and the next clean-up stops it.
DISORDERLY = [
    *("roll_back", "engine_fetch", "engine_cancel", "engine_retry", "engine_finish"),
    *("prune", "ignore_aborts"),
]
# Acts that are sometimes rolled back.
REVOCABLE = [
    *("fetch", "apply", "end", "cancel", "retry", "update_job", "delete_lock", "disable"),
    *("clean_up", "approve_all", "override", "roll_sync_back"),
]
OFTEN = {
    "fetch": 16,
    "apply": 10,
    "end": 6,
    "trigger": 12,
    "retry": 4,
    "update_job": 4,
    "enable_all": 6,
    "silence": 3,
    "clean_up": 5,
    "enqueue_due": 3,
    "hold": 6,
    "approve": 4,
    "approve_all": 4,
    "override": 4,
    "clear_override": 3,
    "roll_sync_back": 4,
    "roll_back": 4,
    "engine_retry": 3,
}


@dataclass
class Shared:
    """What the connections share, and what they did."""

    attempts: deque[Attempt] = field(default_factory=lambda: deque(maxlen=12))
    faults: list[str] = field(default_factory=list)
    acts: Counter[str] = field(default_factory=Counter)
    # Statements over several rows lock them in any order, so two such statements of people may
    # deadlock in any database. One of them must not deadlock with the queue's own work.
    sweep_of_jobs: Lock = field(default_factory=Lock)
    sweep_of_providers: Lock = field(default_factory=Lock)


@dataclass
class Caller:
    """One connection that does one random act after another."""

    pricing: Pricing
    chance: random.Random
    shared: Shared
    names: list[str]
    act: str = ""

    def do_something(self) -> None:
        weights = [OFTEN.get(name, 1.5) for name in self.names]
        self.act = self.chance.choices(self.names, weights)[0]
        act: Callable[[], None] = getattr(self, self.act)
        try:
            act()
            answer = "done"
        except psycopg.Error as error:
            answer = str(error.sqlstate)
            if not (answer in REFUSALS or self._is_expected(error)):
                self.shared.faults.append(
                    f"{self.act}: {answer} {error} {error.diag.message_detail or ''}"
                    f" {error.diag.context or ''}"
                )
        self.shared.acts[f"{self.act}: {answer}"] += 1

    def notice(self, notice: psycopg.errors.Diagnostic) -> None:
        self.shared.faults.append(f"{self.act}: {notice.severity} {notice.message_primary}")

    def _is_expected(self, error: psycopg.Error) -> bool:
        if error.sqlstate == "55P03":
            # Its lock_timeout ran out on a busy machine; Postgres would have detected a deadlock.
            return True
        if self.act in ("engine_retry", "engine_finish") and error.sqlstate == "P0001":
            # The engine's error for a row that has moved on.
            return "was not found" in str(error)
        # Two fetches chose two rows with the same lock; the worker fetches again.
        fetches = "fetch" in self.act or self.act == "roll_back"
        return fetches and "procrastinate_jobs_lock_idx" in str(error)

    # Picks.

    def some(self) -> list[str]:
        return self.chance.sample(PROVIDERS, self.chance.randint(1, len(PROVIDERS)))

    def one(self) -> str:
        return self.chance.choice(PROVIDERS)

    def job(self) -> object:
        return self._picked(
            "select job_id as it from public.pricing_sync_jobs order by triggered_at desc limit 5"
        )

    def queue_row(self) -> object:
        return self._picked(
            "select id as it from procrastinate.procrastinate_jobs order by id desc limit 8"
        )

    def _picked(self, query: str) -> object:
        rows = self.pricing.rows(query)
        return self.chance.choice(rows)["it"] if rows else None

    def attempt(self) -> Attempt | None:
        """Mostly one of the latest attempts; sometimes one that ended long ago."""
        attempts = [*self.shared.attempts]
        if not attempts:
            return None
        return self.chance.choice(attempts[-3:] if self.chance.random() < 0.8 else attempts)

    def briefly_open(self) -> AbstractContextManager[object]:
        """Commit with the statement, or one round trip later."""
        if self.chance.random() < 0.5:
            return nullcontext()
        return self.pricing.connection.transaction()

    # What workers do.

    def fetch(self) -> None:
        worker_id = self.pricing.worker()
        most = self.chance.randrange(1, 5)
        with self.pricing.as_role("pricing_worker"):
            fetched = self.pricing.rows(
                "select * from public.fetch_queue_rows(null, %s, %s)", worker_id, most
            )
            # An answer that is lost.
            if self.chance.random() < 0.1:
                self.pricing.row("select public.return_queue_rows(%s, '{}')", worker_id)
                return
        for found in fetched:
            args = found["args"]
            self.shared.attempts.append(
                Attempt(found["id"], found["attempts"] + 1, args["provider"], args["job_id"])
            )

    def engine_fetch(self) -> None:
        attempt = self.pricing.fetch()
        if attempt is not None:
            self.shared.attempts.append(attempt)

    def apply(self) -> None:
        if (attempt := self.attempt()) is None:
            return
        listed: list[Row] | None = None
        if self.chance.random() < 0.9:
            amount = f"0.{self.chance.randrange(1, 10**9):012d}"
            source = f"api:{attempt.provider}"
            listed = [price(model, amount, source=source) for model in MODELS]
            if attempt.provider == "catalogue":
                listed = [p | {"provider": f"other-{self.chance.randrange(2)}"} for p in listed]
                listed = [p | {"source": "catalogue:test"} for p in listed]
        try:
            self.pricing.apply(attempt, listed)
        except psycopg.Error as refusal:
            # As the worker does: the refused statement had locked the row, and a person who ended
            # its job just then has skipped it.
            status = self.pricing.connection.info.transaction_status
            if refusal.sqlstate == "PT422" and status == psycopg.pq.TransactionStatus.IDLE:
                self.pricing.end(attempt, "failed", "prices_refused")
            raise

    def end(self) -> None:
        if (attempt := self.attempt()) is not None:
            self.pricing.end(
                attempt, self.chance.choice(["failed", "cancelled", "queued", "aborted"])
            )

    # What people do.

    def trigger(self) -> None:
        how = self.chance.choice(["queue", "coalesce", "reject"])
        key = f"key {self.chance.randrange(20)}" if self.chance.random() < 0.2 else None
        self.pricing.trigger(*self.some(), on_conflict=how, idempotency_key=key)

    def defer(self) -> None:
        self.pricing.do(
            "insert into procrastinate.procrastinate_jobs (queue_name, task_name, args)"
            " values ('default', 'sync_provider', jsonb_build_object('provider', %s::text))",
            self.one(),
        )

    def cancel(self) -> None:
        self.pricing.rows("select public.cancel_pricing_sync(%s)", self.job())

    def retry(self) -> None:
        self.pricing.rows("select public.retry_pricing_sync(%s)", self.job())

    def update_job(self) -> None:
        with self.briefly_open():
            self.pricing.do(
                "update public.pricing_sync_jobs set status = %s, completed_at = now(),"
                " error_message = 'by hand' where job_id = %s",
                self.chance.choice(["failed", "cancelled"]),
                self.job(),
            )

    def update_job_otherwise(self) -> None:
        self.pricing.do(
            "update public.pricing_sync_jobs set status = %s where job_id = %s",
            self.chance.choice(["queued", "running", "completed"]),
            self.job(),
        )

    def update_jobs(self) -> None:
        with self.shared.sweep_of_jobs, self.briefly_open():
            self.pricing.do(
                "update public.pricing_sync_jobs set status = 'failed'"
                " where status in ('queued', 'running')"
            )

    def delete_lock(self) -> None:
        with self.briefly_open():
            self.pricing.do(
                "delete from public.pricing_sync_lock where lock_key = %s",
                f"pricing_sync:{self.one()}",
            )

    def delete_locks(self) -> None:
        with self.shared.sweep_of_jobs, self.briefly_open():
            self.pricing.do(
                "delete from public.pricing_sync_lock where lock_key = 'pricing_sync_global'"
            )

    def disable(self) -> None:
        with self.briefly_open():
            self.pricing.do(
                "update public.pricing_providers set enabled = false where slug = %s", self.one()
            )

    def disable_all(self) -> None:
        with self.shared.sweep_of_providers, self.briefly_open():
            self.pricing.do("update public.pricing_providers set enabled = false")

    def enable_all(self) -> None:
        with self.shared.sweep_of_providers:
            self.pricing.do("update public.pricing_providers set enabled = true, state = 'ok'")

    # What people decide about prices.

    def hold(self) -> None:
        """Hold a change, as a sync would write it."""
        amount = f"0.{self.chance.randrange(1, 10**9):012d}"
        self.pricing.rows(
            "with held as (select public.lock_provider_prices(array[%s]))"
            " insert into public.pricing_held_changes (model_id, provider_slug, class, reason,"
            " prices, previous, pricing_source, first_job_id, job_id, first_seen_at, last_seen_at)"
            " select m.id, m.provider_slug, 'unit', 'unit: test',"
            " jsonb_build_object('price_per_input_token', %s::text), '{}', m.pricing_source,"
            " j.it, j.it, now(), now()"
            " from held, public.model_pricing m, (select %s::uuid as it) as j"
            " where m.provider_slug = %s and j.it is not null"
            " on conflict do nothing returning id",
            *((provider := self.one()), amount, self.job(), provider),
        )

    def held(self) -> object:
        return self._picked(
            "select id as it from public.pricing_held_changes where still_said"
            " order by id desc limit 8"
        )

    def approve(self) -> None:
        with self.briefly_open():
            self.pricing.rows("select public.approve_held_price_change(%s)", self.held())

    def reject(self) -> None:
        self.pricing.rows("select public.reject_held_price_change(%s)", self.held())

    def approve_all(self) -> None:
        # Jobs whose changes wait come first; most changes have been decided by then.
        job_id = self._picked(
            "select job_id as it from public.pricing_held_all"
            " order by status <> 'held', id desc limit 8"
        )
        with self.briefly_open():
            self.pricing.rows("select public.approve_held_price_changes(%s)", job_id)

    def accept(self) -> None:
        self.pricing.rows(
            "select public.accept_price_changes(%s, 20, now() + interval '1 hour', 'test')",
            self.one(),
        )

    def end_rule(self) -> None:
        rule = self._picked("select id as it from public.pricing_change_rules limit 8")
        self.pricing.rows("select public.end_price_change_rule(%s)", rule)

    def override(self) -> None:
        with self.briefly_open():
            self.pricing.rows(
                "select public.set_price_override(%s, %s, 'test', input_per_1m => %s,"
                " expires_at => now() + interval '1 hour')",
                *(self.one(), self.chance.choice(MODELS), self.chance.randrange(1, 10**9)),
            )

    def clear_override(self) -> None:
        self.pricing.rows(
            "select public.clear_price_override(%s, %s)",
            *(self.one(), self.chance.choice(MODELS)),
        )

    def expire(self) -> None:
        """Let one override expire."""
        self.pricing.do(
            "update public.pricing_overrides set expires_at = now() where id = (select id"
            " from public.pricing_overrides where ended_at is null limit 1 for update skip locked)"
        )
        with self.briefly_open():
            self.pricing.rows("select public.end_expired_overrides()")

    def roll_sync_back(self) -> None:
        job_id = self._picked(
            "select job_id as it from public.model_pricing_history where job_id is not null"
            " order by id desc limit 8"
        )
        with self.briefly_open():
            self.pricing.rows(
                "select * from public.rollback_pricing_sync(%s, dry_run => false)", job_id
            )

    def roll_back(self) -> None:
        """The caller changes its mind, or its connection breaks."""
        with self.pricing.connection.transaction(force_rollback=True):
            getattr(self, self.chance.choice(REVOCABLE))()

    # What people do to the engine.

    def engine_cancel(self) -> None:
        self.pricing.rows(
            "select procrastinate.procrastinate_cancel_job_v1(%s, %s, %s)",
            self.queue_row(),
            self.chance.random() < 0.6,
            self.chance.random() < 0.2,
        )

    def engine_retry(self) -> None:
        self.pricing.rows(
            "select procrastinate.procrastinate_retry_job_v2(%s, now(), null, null, null)",
            self.queue_row(),
        )

    def engine_finish(self) -> None:
        self.pricing.rows(
            "select procrastinate.procrastinate_finish_job_v1(%s, %s, %s)",
            self.queue_row(),
            self.chance.choice(["succeeded", "failed", "aborted"]),
            self.chance.random() < 0.2,
        )

    def delete_queue_row(self) -> None:
        with self.briefly_open():
            self.pricing.do(
                "delete from procrastinate.procrastinate_jobs where id = %s", self.queue_row()
            )

    # Faults, and the clean-up after them.

    def silence(self) -> None:
        self.pricing.do(
            "update procrastinate.procrastinate_workers set last_heartbeat = now() - interval '1 h'"
            " where id = (select worker_id from procrastinate.procrastinate_jobs where id = %s)",
            self.queue_row(),
        )

    def prune(self) -> None:
        self.pricing.rows("select public.prune_pricing_workers(30)")

    def take_long(self) -> None:
        """Make one running attempt an hour older, unless another session has locked it."""
        row, job = self.queue_row(), self.job()
        with self.pricing.connection.transaction():
            for statement in (
                "select from public.pricing_sync_jobs where job_id = %s for update skip locked",
                "select from procrastinate.procrastinate_jobs where id = %s"
                " and args ->> 'job_id' = %s and status = 'doing' for update skip locked",
            ):
                arguments = [job] if "%s and" not in statement else [row, str(job)]
                if not self.pricing.rows(statement, *arguments):
                    return
            self.pricing.do(
                "update public.pricing_sync_log set queued_at = queued_at - interval '1 h',"
                " sync_started_at = sync_started_at - interval '1 h'"
                " where status = 'in_progress' and queue_job_id = %s",
                row,
            )
            self.pricing.do(
                "update public.pricing_sync_jobs set revision = revision + 1,"
                " started_at = (select min(sync_started_at) from public.pricing_sync_log l"
                " where l.job_id = pricing_sync_jobs.job_id) where job_id = %s",
                job,
            )

    def ignore_aborts(self) -> None:
        self.pricing.do(
            "update procrastinate.procrastinate_events set at = at - interval '1 h'"
            " where type = 'abort_requested' and job_id = %s",
            self.queue_row(),
        )

    def clean_up(self) -> None:
        with self.briefly_open():
            self.pricing.rows("select * from public.cleanup_stuck_pricing_syncs()")

    def clean_locks(self) -> None:
        self.pricing.rows("select public.cleanup_expired_pricing_locks()")

    def forget(self) -> None:
        self.pricing.rows("select public.cleanup_old_pricing_jobs(interval '0')")

    def enqueue_due(self) -> None:
        self.pricing.do(
            "update public.pricing_providers set next_sync_at = null where slug = %s", self.one()
        )
        with self.briefly_open():
            self.pricing.rows("select * from public.enqueue_due_pricing_syncs()")


def interleave(
    url: str,
    seed: object,
    names: list[str],
    *,
    caller_count: int = 6,
    rounds: int = 10,
    acts: int = 40,
) -> Shared:
    """Run rounds of many connections at once, and return each round's findings; stop at a fault."""
    shared = Shared()
    with _open_callers(url, seed, names, shared, caller_count) as (callers, threads):
        watcher = callers[0].pricing
        for number in range(rounds):
            barrier = Barrier(caller_count)

            def play(one: Caller, barrier: Barrier = barrier) -> None:
                barrier.wait(60)
                for _ in range(acts):
                    one.do_something()

            list(threads.map(play, callers))
            if any(name in DISORDERLY for name in names):
                watcher.rows("select * from public.cleanup_stuck_pricing_syncs()")
            shared.faults += [
                f"after round {number} of seed {seed}: {line}"
                for check in (disagreements, broken_chains)
                for line in check(watcher.connection)
            ]
            if shared.faults:
                break
        else:
            shared.faults += [f"seed {seed}: {line}" for line in _left_after_work(callers[0])]
    return shared


@contextmanager
def _open_callers(
    url: str, seed: object, names: list[str], shared: Shared, caller_count: int
) -> Iterator[tuple[list[Caller], ThreadPoolExecutor]]:
    with ExitStack() as stack:
        callers = []
        for number in range(caller_count):
            connection = stack.enter_context(
                psycopg.connect(url, autocommit=True, row_factory=dict_row)
            )
            # A short timeout, so that a deadlock is found without waiting a second.
            connection.execute("set deadlock_timeout = '20ms'; set statement_timeout = '20s'")
            one = Caller(Pricing(connection), random.Random(f"{seed}/{number}"), shared, names)
            connection.add_notice_handler(one.notice)
            callers.append(one)
        yield callers, stack.enter_context(ThreadPoolExecutor(caller_count))


def _left_after_work(caller: Caller) -> list[str]:
    """What is still open when a worker has done all the work there was."""
    caller.act = "the last worker"
    pricing = caller.pricing
    caller.enable_all()
    pricing.do("update procrastinate.procrastinate_workers set last_heartbeat = '-infinity'")
    pricing.rows("select * from public.cleanup_stuck_pricing_syncs()")
    while (attempt := pricing.fetch()) is not None:
        pricing.end(attempt)
    left = pricing.rows(
        "select q.id::text as it, q.status::text from procrastinate.procrastinate_jobs q"
        " where q.status in ('todo', 'doing') union all"
        " select j.job_id::text, j.status from public.pricing_sync_jobs j"
        " where j.status in ('queued', 'running') union all"
        " select l.id::text, l.status from public.pricing_sync_log l"
        " where l.status in ('queued', 'in_progress') union all"
        " select k.lock_key, k.locked_by from public.pricing_sync_lock k"
    )
    return [f"left: {row}" for row in left] + disagreements(pricing.connection)
