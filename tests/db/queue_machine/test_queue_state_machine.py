"""The queue behaves as its model does, one act after another and two at a time.

``PRICING_TEST_MINUTES=10`` draws new acts for that long.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from psycopg.rows import tuple_row

from tests.db.agreement import disagreements
from tests.db.conftest import Another, SharedDatabase, emptied_database
from tests.db.price_chains import broken_chains
from tests.db.pricing import Pricing
from tests.db.queue_machine.queue_act import Act, Answer
from tests.db.queue_machine.queue_attempts import MODELS, Apply, End
from tests.db.queue_machine.queue_clean_up import CleanLocks, CleanUp, Forget
from tests.db.queue_machine.queue_engine_tools import DeleteRow, EngineCancel, EngineRetry
from tests.db.queue_machine.queue_model import PROVIDERS, Model, merged
from tests.db.queue_machine.queue_people import Cancel, Mark, Release, Retry, Switch
from tests.db.queue_machine.queue_time import TimePasses
from tests.db.queue_machine.queue_triggers import BeDue, EnqueueDue, Trigger
from tests.db.queue_machine.queue_workers import Beat, BeSilent, Fetch, Prune, Start
from tests.support.postgres import Cluster
from tests.support.waiting import wait_until

MINUTES = float(os.environ.get("PRICING_TEST_MINUTES", "0"))
# The model has no lock timeouts. Here none of the functions gives up waiting, also on a busy
# machine.
PATIENCE = """
do $$
declare
    v_function regprocedure;
begin
    for v_function in
        select oid from pg_catalog.pg_proc where proconfig::text like '%lock_timeout=%'
    loop
        execute format('alter function %s set lock_timeout = %L', v_function, '15s');
    end loop;
end $$
"""
HOLD = "select from procrastinate.procrastinate_jobs where id = %s for no key update"

PICKS = st.integers(0, 59)
SLUGS = st.sampled_from(PROVIDERS)
SOME = st.permutations(PROVIDERS).flatmap(
    lambda slugs: st.integers(1, len(slugs)).map(lambda size: tuple(slugs[:size]))
)
TRIGGER = st.builds(
    Trigger,
    SOME,
    st.sampled_from(["queue", "queue", "coalesce", "reject"]),
    st.sampled_from([None, None, None, "a", "b"]),
)
FETCH = st.builds(Fetch, PICKS, st.booleans())
APPLY = st.builds(Apply, PICKS, amount=st.integers(1, 3))
END = st.builds(
    End, PICKS, status=st.sampled_from(["failed", "failed", "cancelled", "queued", "aborted"])
)
# Acts of transactions that may overlap.
ACTS = st.one_of(
    TRIGGER,
    FETCH,
    FETCH,
    APPLY,
    APPLY,
    END,
    st.just(CleanUp()),
    st.just(CleanLocks()),
    st.just(Forget()),
    st.just(EnqueueDue()),
    st.builds(BeDue, SLUGS),
    st.builds(Cancel, PICKS),
    st.builds(Mark, PICKS, status=st.sampled_from(["failed", "cancelled", "completed"])),
    st.builds(Retry, PICKS),
    st.builds(Release, st.sampled_from([None, *PROVIDERS])),
    st.builds(Switch, st.sampled_from([None, *PROVIDERS]), st.booleans()),
    st.builds(Switch, st.none(), st.just(True)),
    st.builds(EngineCancel, PICKS, has_abort=st.booleans()),
    st.builds(EngineRetry, PICKS),
    st.builds(DeleteRow, PICKS),
)
# Acts of workers, and of time.
EVENTS = st.one_of(
    st.just(Start()),
    st.builds(BeSilent, PICKS),
    st.builds(Beat, PICKS),
    st.just(Prune()),
    st.builds(TimePasses, is_long=st.sampled_from([False, False, True])),
)


class QueueMachine(RuleBasedStateMachine):
    """Two connections and a watcher; the model has the expected state."""

    def __init__(
        self,
        database: SharedDatabase,
        connections: list[Pricing],
        threads: ThreadPoolExecutor,
        warnings: list[str],
        met: Counter[str],
    ) -> None:
        super().__init__()
        self.met = met
        database.empty()
        self.first, self.second, self.watcher = connections
        self.threads = threads
        self.model = Model()
        self.warnings = warnings
        warnings.clear()

    @initialize(providers=SOME)
    def begin(self, providers: tuple[str, ...]) -> None:
        for act in (Start(), Start(), Trigger(providers), Fetch(0)):
            self._alone(act)
        self._check()

    @rule(act=st.one_of(ACTS, EVENTS))
    def alone(self, act: Act) -> None:
        self._alone(act)
        self._check()

    @rule(
        first=ACTS,
        second=ACTS,
        is_aimed=st.booleans(),
        is_committed=st.sampled_from([True, True, False]),
    )
    def second_comes_before_the_first_commits(
        self, first: Act, second: Act, is_aimed: bool, is_committed: bool
    ) -> None:
        one, other = first.resolved(self.model), second.resolved(self.model)
        if one is None or other is None:
            return
        before = self.model
        self.first.do("begin")
        after, answer = self._done(self.first, one, before.copy())
        if _is_refusal(answer):
            self.first.do("rollback")
        else:
            rows = sorted(key for of, key in after.touched if of == "row")
            if is_aimed and rows and before.get("row", rows[0]):
                other = other.aimed(rows[0], before.get("row", rows[0]))
            self._overlap(other, before, after, after.touched, is_committed)
        self._check()

    @rule(
        first=st.one_of(FETCH, APPLY, END, st.builds(EngineRetry, PICKS)),
        second=ACTS,
        is_aimed=st.booleans(),
        is_committed=st.sampled_from([True, True, False]),
    )
    def second_comes_before_the_first_does_more_than_lock(
        self, first: Act, second: Act, is_aimed: bool, is_committed: bool
    ) -> None:
        one, other = first.resolved(self.model), second.resolved(self.model)
        if one is None or other is None:
            return
        row = one.row
        if isinstance(one, Fetch):
            found = one.happen(self.model.copy(), None)
            row = found and found[0]
        if row is None or self.model.get("row", row) is None:
            return
        if is_aimed:
            other = other.aimed(row, self.model.get("row", row))
        before = self.model
        locked = {("row", row)}
        self.first.do("begin")
        self.first.do(HOLD, row)
        with self._started(other) as (answer, has_waited):
            if has_waited:
                after, given = self._done(self.first, one, before.copy())
                is_committed = is_committed and not _is_refusal(given)
                locked |= after.touched
            else:
                model = before.copy()
                model.locked = frozenset(locked)
                between, _ = self._judged(other, model, answer.result(), before)
                after, given = self._done(self.first, one, between.copy())
                is_committed = is_committed and not _is_refusal(given)
                self.model = after.copy() if is_committed else between
            self.first.do("commit" if is_committed else "rollback")
            if has_waited:
                self._after_waiting(
                    other, answer.result(), before, after if is_committed else before, locked
                )
        self._check()

    # One act.

    def _alone(self, act: Act) -> None:
        resolved = act.resolved(self.model)
        if resolved is not None:
            after, answer = self._done(self.first, resolved, self.model.copy())
            if not _is_refusal(answer):
                self.model = after.copy()

    def _done(self, pricing: Pricing, act: Act, model: Model) -> tuple[Model, Answer]:
        answer = _answer(pricing, act)
        self.met[type(act).__name__ + (f": {answer}" if _is_refusal(answer) else "")] += 1
        right = act.happen(model, answer)
        assert answer == right, f"{act}: {answer}, not {right}"
        return model, answer

    # Two of them.

    def _overlap(
        self, act: Act, before: Model, after: Model, locked: set[Any], is_committed: bool
    ) -> None:
        """Act while the first connection has its transaction open, then end that transaction."""
        with self._started(act) as (answer, has_waited):
            if has_waited:
                self.first.do("commit" if is_committed else "rollback")
                self._after_waiting(
                    act, answer.result(), before, after if is_committed else before, locked
                )
                return
            model = before.copy()
            model.locked = frozenset(locked)
            meanwhile, _ = self._judged(act, model, answer.result(), before)
            self.first.do("commit" if is_committed else "rollback")
            self.model = merged(before, after, meanwhile) if is_committed else meanwhile

    @contextmanager
    def _started(self, act: Act) -> Iterator[tuple[Future[Answer], bool]]:
        """Run it to its end on the second connection; yields whether it waits for the first."""
        answer = self.threads.submit(_answer, self.second, act)
        blocked = "select %s = any (pg_blocking_pids(%s))"
        wait_until(
            lambda: (
                answer.done()
                or self.watcher.value(blocked, self.first.backend, self.second.backend)
            ),
            what=f"{act} ends or waits",
            every=0.001,
        )
        has_waited = not answer.done()
        self.met[f"{type(act).__name__} {'waits' if has_waited else 'overtakes'}"] += 1
        assert not (has_waited and act.never_waits), f"{act} waits"
        yield answer, has_waited
        answer.result(60)

    def _after_waiting(
        self, act: Act, answer: Answer, before: Model, after: Model, locked: set[Any]
    ) -> None:
        model = after.copy()
        model.seen, model.locked, model.may_wait = before, frozenset(locked), True
        self.model, _ = self._judged(act, model, answer, after)
        assert not model.locked, f"{act} has waited for nobody knows what"

    def _judged(
        self, act: Act, model: Model, answer: Answer, otherwise: Model
    ) -> tuple[Model, Answer]:
        right = act.happen(model, answer)
        assert answer == right, f"{act}: {answer}, not {right}"
        return (otherwise if _is_refusal(answer) else model.copy()), answer

    # The tables.

    def _check(self) -> None:
        assert self.warnings == []
        self._compare()
        if self.model.orphans():
            # Skipped for a transaction that then did nothing; the next clean-up stops it.
            self._alone(CleanUp())
            self._compare()
        assert disagreements(self.watcher.connection) == []
        assert broken_chains(self.watcher.connection) == []

    def _compare(self) -> None:
        there, right = _tables(self.watcher), _facts(self.model)
        wrong = {
            key: (there.get(key), right.get(key))
            for key in there.keys() | right.keys()
            if there.get(key) != right.get(key)
        }
        assert not wrong, f"(table, model): {wrong}"


def _answer(pricing: Pricing, act: Act) -> Answer:
    try:
        return act.do(pricing)
    except psycopg.Error as error:
        assert error.sqlstate is not None, error
        return error.sqlstate


def _is_refusal(answer: Answer) -> bool:
    return isinstance(answer, str) and len(answer) == 5 and answer.upper() == answer


def _leaves(cls: type[Act]) -> list[type[Act]]:
    children = cls.__subclasses__()
    own = [] if cls.do is Act.do else [cls]
    return own + [leaf for child in children for leaf in _leaves(child)]


def _facts(model: Model) -> dict[Any, Any]:
    """The model in the form of the tables."""
    shown: dict[Any, Any] = {}
    for (of, key), it in model.facts.items():
        if of == "job":
            counts = (it.synced, it.failed, it.errors)
            shown[of, key] = (it.status, it.outcome, it.is_stopped, it.providers, *counts)
        elif of == "row":
            fence = (it.attempts, it.abort_requested, it.worker)
            shown[of, key] = (it.provider, it.job, it.status, *fence)
        elif of == "log":
            shown[of, key] = (it.job, it.provider, it.status, it.kind, it.has_started)
        elif of == "provider":
            shown[of, key] = (it.is_enabled, it.failures, it.is_due)
        elif of == "prices":
            for model_id in MODELS:
                shown[of, (key, model_id)] = (it, it[-1])
        elif of == "key":
            shown[of, key] = it[1]
        else:
            shown[of, key] = True
    return shown


def _tables(pricing: Pricing) -> dict[Any, Any]:
    """The tables, with the model's keys."""
    there: dict[Any, Any] = {}
    with pricing.connection.cursor(row_factory=tuple_row) as cursor:
        for row in cursor.execute(
            "select job_id::text, status, outcome, stopped_at is not null, providers,"
            " providers_synced, providers_failed, total_errors from public.pricing_sync_jobs"
        ):
            there["job", row[0]] = (*row[1:4], tuple(row[4]), *row[5:])
        for row in cursor.execute(
            "select id, args ->> 'provider', args ->> 'job_id', status::text, attempts,"
            " abort_requested, worker_id from procrastinate.procrastinate_jobs"
        ):
            there["row", row[0]] = row[1:]
        for row in cursor.execute(
            "select queue_job_id, attempt, job_id::text, provider_slug, status, error_kind,"
            " sync_started_at is not null from public.pricing_sync_log"
        ):
            there["log", row[:2]] = row[2:]
        for row in cursor.execute(
            "select slug, enabled, consecutive_failures, next_sync_at is null"
            " from public.pricing_providers where slug = any (%s)",
            [[*PROVIDERS]],
        ):
            there["provider", row[0]] = row[1:]
        for (worker_id,) in cursor.execute("select id from procrastinate.procrastinate_workers"):
            there["worker", worker_id] = True
        for key, job_id in cursor.execute(
            "select key, job_id::text from public.pricing_idempotency_keys"
            " where used_at > clock_timestamp() - interval '24 hours'"
        ):
            there["key", key] = job_id
        for slug, model_id, chain, price in cursor.execute(
            "select m.provider_slug, m.model_id, array_agg(h.price_per_input_token::numeric"
            " order by h.id), m.price_per_input_token from public.model_pricing m"
            " join public.model_pricing_history h on h.model_id = m.id group by m.id"
        ):
            amounts = [int(amount * 1000) for amount in (*chain, price)]
            there["prices", (slug, model_id)] = (tuple(amounts[:-1]), amounts[-1])
    return there


@pytest.fixture
def shared_database(migrated_cluster: Cluster) -> Iterator[SharedDatabase]:
    """A database of its own, in which no function gives up waiting."""
    with emptied_database(migrated_cluster) as database:
        database.connection.execute(PATIENCE.encode())
        yield database


@pytest.fixture
def met() -> Counter[str]:
    """How often each act occurred, with each result."""
    return Counter()


@pytest.fixture
def machine(
    shared_database: SharedDatabase,
    another: Another,
    threads: ThreadPoolExecutor,
    met: Counter[str],
) -> type[QueueMachine]:
    connections = [another(), another(), another()]
    for pricing in connections:
        pricing.do("set deadlock_timeout = '50ms'")
    warnings = list[str]()
    for pricing in connections:
        pricing.connection.add_notice_handler(lambda notice: warnings.append(str(notice)))

    class Machine(QueueMachine):
        def __init__(self) -> None:
            for pricing in connections:
                pricing.connection.rollback()
            super().__init__(shared_database, connections, threads, warnings, met)

    return Machine


@pytest.mark.timeout(180 + 120 * MINUTES)
def test_the_queue_does_what_its_model_does(machine: type[QueueMachine], met: Counter[str]) -> None:
    usual = settings(
        max_examples=40,
        stateful_step_count=25,
        derandomize=True,
        database=None,
        deadline=None,
        # Shrinking an example for minutes is for the long run.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    if not MINUTES:
        run_state_machine_as_test(machine, settings=usual)
        # Acts that never occurred would test nothing.
        acts = {cls.__name__ for cls in _leaves(Act)}
        assert {act for act in acts if not (met[act] or met[f"{act} overtakes"])} == set()
        assert sum(times for what, times in met.items() if what.endswith(" waits")) >= 20, met
        return
    deadline = time.monotonic() + MINUTES * 60
    while time.monotonic() < deadline:
        drawn = settings(
            usual,
            derandomize=False,
            max_examples=50,
            stateful_step_count=40,
            phases=[Phase.generate, Phase.shrink],
        )
        run_state_machine_as_test(machine, settings=drawn)
