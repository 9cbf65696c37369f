"""A session that takes locks out of order never waits for a session that waits for it.

The order is: queue row, prices, log row, job row, provider row.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import count

import pytest

from tests.db.agreement import assert_agreed
from tests.db.clock import time_passes
from tests.db.conftest import Another, SharedDatabase
from tests.db.interleavings import DISORDERLY, ORDERLY, interleave
from tests.db.price_chains import broken_chains
from tests.db.price_decisions import (
    base,
    call,
    charged,
    ended_job,
    held,
    override,
    prices,
    said,
)
from tests.db.pricing import Attempt, Pricing, Row, refused
from tests.support.waiting import wait_until

# Minutes of a long run with new seeds; the short run always has the same ones.
MINUTES = float(os.environ.get("PRICING_TEST_MINUTES", "0"))

END_JOB = "update public.pricing_sync_jobs set status = 'failed' where job_id = %s"
HOLD_QUEUE_ROW = "select from procrastinate.procrastinate_jobs where id = %s for no key update"
HOLD_JOB = "select from public.pricing_sync_jobs where job_id = %s for no key update"
HOLD_PROVIDER = "select from public.pricing_providers where slug = %s for no key update"


@pytest.fixture
def worker(another: Another) -> Pricing:
    return another()


@pytest.fixture
def person(another: Another) -> Pricing:
    return another()


def start_both(pricing: Pricing) -> tuple[Attempt, Attempt]:
    """Start both provider syncs of one job."""
    first = pricing.start("openrouter", "deepinfra")
    second = pricing.fetch()
    assert second is not None
    return first, second


def wait_until_blocked(watcher: Pricing, holder: Pricing, waiter: Pricing) -> None:
    """For a holder that waits itself and cannot query."""
    wait_until(
        lambda: watcher.value(
            "select %s = any (pg_blocking_pids(%s))", holder.backend, waiter.backend
        ),
        what="the one waits for the other",
    )


# UPDATE of a job by a person.


def test_a_job_is_ended_while_an_apply_waits_for_it(
    pricing: Pricing, worker: Pricing, person: Pricing, threads: ThreadPoolExecutor
) -> None:
    attempt = pricing.start("openrouter")
    with worker.connection.transaction():
        worker.do(HOLD_QUEUE_ROW, attempt.queue_job_id)
        with person.connection.transaction():
            person.do(END_JOB, attempt.job_id)
            applied = threads.submit(worker.succeed, attempt)
            person.wait_until_blocked(worker)
        assert applied.result(60)["status"] == "success"
    job = pricing.job(attempt.job_id)
    assert (job["status"], job["providers_synced"]) == ("failed", 1)
    assert_agreed(pricing.connection)


def test_a_job_is_ended_before_an_apply_has_its_queue_row(
    pricing: Pricing, worker: Pricing, person: Pricing, threads: ThreadPoolExecutor
) -> None:
    attempt = pricing.start("openrouter")
    with person.connection.transaction():
        person.do(END_JOB, attempt.job_id)
        applied = threads.submit(worker.succeed, attempt)
        person.wait_until_blocked(worker)
    with refused("PT409"):
        applied.result(60)
    assert pricing.rows("select from public.model_pricing") == []
    assert_agreed(pricing.connection)


def test_two_cancels_at_once(
    pricing: Pricing, person: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    attempt, _ = start_both(pricing)
    second = another()
    cancel = "select public.cancel_pricing_sync(%s)"
    with person.connection.transaction():
        person.do(cancel, attempt.job_id)
        cancelled = threads.submit(second.do, cancel, attempt.job_id)
        person.wait_until_blocked(second)
    with refused("PT409"):
        cancelled.result(60)
    assert pricing.job(attempt.job_id)["status"] == "cancelled"
    assert_agreed(pricing.connection)


def test_a_retry_while_the_last_provider_ends(
    pricing: Pricing, worker: Pricing, person: Pricing, threads: ThreadPoolExecutor
) -> None:
    first, last = start_both(pricing)
    pricing.end(first)
    with worker.connection.transaction():
        worker.end(last)
        retried = threads.submit(person.do, "select public.retry_pricing_sync(%s)", first.job_id)
        worker.wait_until_blocked(person)
    assert retried.result(60) == 1
    statuses = [row["status"] for row in pricing.queue_rows(first.job_id)]
    assert statuses == ["failed", "failed", "todo", "todo"]
    assert pricing.job(first.job_id)["outcome"] is None
    assert_agreed(pricing.connection)


def test_the_last_provider_ends_while_its_job_is_retried(
    pricing: Pricing, worker: Pricing, person: Pricing, threads: ThreadPoolExecutor
) -> None:
    first, last = start_both(pricing)
    pricing.end(first)
    with person.connection.transaction():
        person.do("select public.retry_pricing_sync(%s)", first.job_id)
        ended = threads.submit(worker.end, last)
        person.wait_until_blocked(worker)
    assert ended.result(60) is True
    statuses = [row["status"] for row in pricing.queue_rows(first.job_id)]
    assert statuses == ["failed", "failed", "todo"]
    assert pricing.job(first.job_id)["outcome"] is None
    assert_agreed(pricing.connection)


# DELETE of a lock, and of a queue row.


@pytest.mark.parametrize("lock_key", ["pricing_sync:openrouter", "pricing_sync_global"])
def test_a_lock_is_released_while_its_holder_applies(
    pricing: Pricing, worker: Pricing, person: Pricing, lock_key: str
) -> None:
    attempt = pricing.start("openrouter")
    person.do("set lock_timeout = '2s'")
    with worker.connection.transaction():
        worker.succeed(attempt)
        delete = "delete from public.pricing_sync_lock where lock_key = %s"
        assert person.do(delete, lock_key) == 0, "it is ending already"
    assert pricing.job(attempt.job_id)["outcome"] == "success"
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("lock_key", ["pricing_sync:openrouter", "pricing_sync_global"])
def test_a_holder_applies_while_its_lock_is_released(
    pricing: Pricing,
    worker: Pricing,
    person: Pricing,
    threads: ThreadPoolExecutor,
    lock_key: str,
) -> None:
    attempt = pricing.start("openrouter")
    with person.connection.transaction():
        person.do("delete from public.pricing_sync_lock where lock_key = %s", lock_key)
        applied = threads.submit(worker.succeed, attempt)
        person.wait_until_blocked(worker)
    with refused("PT409"):
        applied.result(60)
    assert pricing.log_statuses(attempt.queue_job_id) == ["cancelled", "queued"]
    assert_agreed(pricing.connection)


def test_a_queue_row_is_deleted_while_a_sibling_ends(
    pricing: Pricing, worker: Pricing, person: Pricing, threads: ThreadPoolExecutor
) -> None:
    first, second = start_both(pricing)
    with worker.connection.transaction():
        worker.succeed(first)
        deleted = threads.submit(
            person.do,
            "delete from procrastinate.procrastinate_jobs where id = %s",
            second.queue_job_id,
        )
        worker.wait_until_blocked(person)
    assert deleted.result(60) == 1
    assert pricing.job(first.job_id)["outcome"] == "partial"
    assert_agreed(pricing.connection)


# UPDATE of several providers.


def test_all_providers_are_disabled_while_the_syncs_of_one_job_end(
    pricing: Pricing, person: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    first, second = start_both(pricing)
    workers = another(), another()
    with person.connection.transaction():
        disabled = person.do("update public.pricing_providers set enabled = false")
        assert disabled == pricing.value("select count(*) from public.pricing_providers")
        applied = threads.submit(workers[0].succeed, first)
        person.wait_until_blocked(workers[0])
        ended = threads.submit(workers[1].end, second)
        wait_until_blocked(pricing, workers[0], workers[1])
    applied.result(60)
    assert ended.result(60) is True
    job = pricing.job(first.job_id)
    assert (job["outcome"], job["providers_synced"]) == ("partial", 1)
    assert_agreed(pricing.connection)


def test_a_sync_ends_while_all_providers_are_about_to_be_disabled(
    pricing: Pricing,
    worker: Pricing,
    person: Pricing,
    another: Another,
    threads: ThreadPoolExecutor,
) -> None:
    first, second = start_both(pricing)
    waiting = pricing.trigger("openrouter", "deepinfra")["job_id"]
    sibling = another()
    with worker.connection.transaction():
        worker.succeed(first)
        disabled = threads.submit(person.do, "update public.pricing_providers set enabled = false")
        worker.wait_until_blocked(person)
        ended = threads.submit(sibling.succeed, second)
        worker.wait_until_blocked(sibling)
    assert disabled.result(60) == pricing.value("select count(*) from public.pricing_providers")
    ended.result(60)
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    assert {row["status"] for row in pricing.queue_rows(waiting)} == {"cancelled"}
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("how", ["reject", "coalesce"])
@pytest.mark.parametrize("slugs", [("openrouter", "deepinfra"), ("deepinfra", "openrouter")])
def test_a_trigger_that_looks_first_waits_for_no_change_of_providers(
    pricing: Pricing, person: Pricing, how: str, slugs: tuple[str, str]
) -> None:
    """Changes of providers do not wait for it, either: a person may change them in any order."""
    pricing.do("set lock_timeout = '2s'")
    person.do("set lock_timeout = '2s'")
    change = "update public.pricing_providers set enabled = false where slug = %s"
    with person.connection.transaction():
        person.do(change, slugs[0])
        with pricing.connection.transaction():
            job = pricing.trigger("deepinfra", "openrouter", on_conflict=how)
            assert person.do(change, slugs[1]) == 1
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    assert pricing.job(job["job_id"])["outcome"] == "cancelled"
    assert_agreed(pricing.connection)


# The schedule.


def test_a_reject_waits_for_the_schedule(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    scheduler = another()
    with scheduler.connection.transaction():
        (job,) = scheduler.rows("select * from public.enqueue_due_pricing_syncs()")
        assert sorted(job["providers"]) == ["deepinfra", "openrouter"]
        triggered = threads.submit(pricing.trigger, "openrouter", on_conflict="reject")
        scheduler.wait_until_blocked(pricing)
    with refused("PT429"):
        triggered.result(60)


def test_the_schedule_does_not_wait_for_sessions_that_lock_a_provider(
    pricing: Pricing, person: Pricing
) -> None:
    pricing.do("set lock_timeout = '2s'")
    with person.connection.transaction():
        person.do("update public.pricing_providers set enabled = false where slug = 'openrouter'")
        (job,) = pricing.rows("select * from public.enqueue_due_pricing_syncs()")
        assert job["providers"] == ["deepinfra"]


# Decisions about prices, while a sync of the provider writes them.


def approve(pricing: Pricing) -> None:
    for row in pricing.rows("select id from public.pricing_held where provider = 'openrouter'"):
        call(pricing, "approve_held_price_change", id=row["id"])


def approve_all(pricing: Pricing) -> None:
    job_id = pricing.value("select max(job_id::text) from public.pricing_held")
    call(pricing, "approve_held_price_changes", job_id=job_id)


def reject(pricing: Pricing) -> None:
    for row in pricing.rows("select id from public.pricing_held where provider = 'openrouter'"):
        call(pricing, "reject_held_price_change", id=row["id"])


def set_override(pricing: Pricing) -> None:
    override(pricing, input_per_1m=5)


def clear_override(pricing: Pricing) -> None:
    call(pricing, "clear_price_override", provider="openrouter", model="other")


def roll_sync_back(pricing: Pricing) -> None:
    job_id = pricing.value("select max(job_id::text) from public.model_pricing_history")
    call(pricing, "rollback_pricing_sync", job_id=job_id, dry_run=False)


DECISIONS = [approve, approve_all, reject, set_override, clear_override, roll_sync_back]


@pytest.fixture
def decided_about(pricing: Pricing) -> Attempt:
    """Set up what each decision needs, and a sync that publishes other prices."""
    said(pricing, {"m": prices(1, 2), "other": prices(1, 2)})
    held(pricing, "m", prices(300, 2), job_id=ended_job(pricing))
    override(pricing, "other", input_per_1m=5)
    return pricing.start("openrouter")


@pytest.mark.parametrize("decide", DECISIONS, ids=lambda it: it.__name__)
def test_a_decision_waits_for_a_sync_that_writes(
    pricing: Pricing,
    worker: Pricing,
    person: Pricing,
    threads: ThreadPoolExecutor,
    decided_about: Attempt,
    decide: Callable[[Pricing], None],
) -> None:
    with worker.connection.transaction():
        worker.succeed(decided_about, "m", "other")
        decided = threads.submit(decide, person)
        worker.wait_until_blocked(person)
    # The decision applies to the current state, in which the sync has published another price.
    if decide in (approve, approve_all, reject):
        with refused("PT409"):
            decided.result(60)
        assert charged(pricing) == prices("0.3", "0.6")
    else:
        decided.result(60)
    assert pricing.rows("select from public.pricing_held where class <> 'rollback'") == []
    assert broken_chains(pricing.connection) == []
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("decide", DECISIONS, ids=lambda it: it.__name__)
def test_a_sync_waits_for_a_decision(
    pricing: Pricing,
    worker: Pricing,
    person: Pricing,
    threads: ThreadPoolExecutor,
    decided_about: Attempt,
    decide: Callable[[Pricing], None],
) -> None:
    with person.connection.transaction():
        decide(person)
        applied = threads.submit(worker.succeed, decided_about, "m", "other")
        person.wait_until_blocked(worker)
    assert applied.result(60)["status"] == "success"
    assert base(pricing) == base(pricing, "other") == prices("0.3", "0.6")
    assert broken_chains(pricing.connection) == []
    assert_agreed(pricing.connection)


def test_decisions_about_two_providers_do_not_meet(pricing: Pricing, person: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    said(pricing, {"m": prices(1, 2)}, provider="deepinfra")
    pricing.do("set lock_timeout = '2s'")
    with person.connection.transaction():
        override(person, input_per_1m=5)
        override(pricing, provider="deepinfra", input_per_1m=5)
    assert charged(pricing) == charged(pricing, provider="deepinfra") == prices(5, 2)


EXPIRE = "update public.pricing_overrides set expires_at = '2999-01-01' where ended_at is null"


def test_an_expiry_by_hand_waits_for_a_sync_that_writes(
    pricing: Pricing,
    worker: Pricing,
    person: Pricing,
    threads: ThreadPoolExecutor,
    decided_about: Attempt,
) -> None:
    with worker.connection.transaction():
        worker.succeed(decided_about, "m", "other")
        changed = threads.submit(person.do, EXPIRE)
        pricing.wait_until_it_polls(person)
    assert changed.result(60) == 1
    (announced,) = pricing.rows("select after from public.pricing_announced")
    assert announced["after"] == Decimal("0.3")


def test_an_expiry_by_hand_gives_up_before_those_that_wait_for_it(
    pricing: Pricing,
    worker: Pricing,
    person: Pricing,
    threads: ThreadPoolExecutor,
    decided_about: Attempt,
) -> None:
    """Its statement has the override's row before it can ask for the prices."""
    with worker.connection.transaction():
        worker.rows("select public.lock_provider_prices('{openrouter}')")
        changed = threads.submit(person.do, EXPIRE)
        pricing.wait_until_it_polls(person)
        clear_override(worker)
    with refused("55P03"):
        changed.result(60)
    assert charged(pricing, "other") == prices(1, 2)


# The clean-up, which ends many syncs in one transaction.


def past_the_triggers(pricing: Pricing, *statements: str) -> None:
    with pricing.connection.transaction():
        pricing.do("set local session_replication_role = replica")
        for statement in statements:
            pricing.do(statement)


def are_queued_again(pricing: Pricing) -> None:
    pricing.do("delete from public.pricing_sync_lock")


def lose_their_workers(pricing: Pricing) -> None:
    pricing.do("update procrastinate.procrastinate_workers set last_heartbeat = '-infinity'")


def take_too_long(pricing: Pricing) -> None:
    time_passes(pricing, "1 hour")


def ignore_an_abort(pricing: Pricing) -> None:
    pricing.do(
        "select procrastinate.procrastinate_cancel_job_v1(id, true, false)"
        " from procrastinate.procrastinate_jobs"
    )
    time_passes(pricing, "1 minute")


def wait_for_disabled_providers(pricing: Pricing) -> None:
    are_queued_again(pricing)
    past_the_triggers(pricing, "update public.pricing_providers set enabled = false")


def wait_for_no_worker(pricing: Pricing) -> None:
    are_queued_again(pricing)
    time_passes(pricing, "25 hours", workers_live=False)


def have_ended_unseen(pricing: Pricing) -> None:
    past_the_triggers(
        pricing,
        "update procrastinate.procrastinate_jobs"
        " set status = 'failed', attempts = 1, worker_id = null",
    )
    time_passes(pricing, "1 minute")


def are_gone_unseen(pricing: Pricing) -> None:
    past_the_triggers(pricing, "delete from procrastinate.procrastinate_jobs")
    time_passes(pricing, "1 minute")


def have_no_log_row(pricing: Pricing) -> None:
    past_the_triggers(pricing, "delete from public.pricing_sync_log")


def run_under_an_ended_job(pricing: Pricing) -> None:
    past_the_triggers(
        pricing,
        "update public.pricing_sync_jobs set status = 'failed', outcome = 'failed',"
        " completed_at = now(), stopped_at = now(), error_message = 'by hand'",
    )


def have_left_their_job_open(pricing: Pricing) -> None:
    past_the_triggers(
        pricing,
        "update procrastinate.procrastinate_jobs"
        " set status = 'failed', attempts = 1, worker_id = null",
        "update public.pricing_sync_log set status = 'failed', errors = 1, error_kind = 'x',"
        " error_message = 'x', sync_completed_at = clock_timestamp()",
    )


SYNCS = [
    lose_their_workers,
    take_too_long,
    ignore_an_abort,
    wait_for_disabled_providers,
    wait_for_no_worker,
    have_ended_unseen,
    have_no_log_row,
    run_under_an_ended_job,
]
WITHOUT_A_QUEUE_ROW = [are_gone_unseen, have_left_their_job_open]


@pytest.mark.parametrize(
    ("syncs", "locked"),
    [
        *((syncs, locked) for syncs in SYNCS for locked in ("queue row", "job", "provider")),
        *((syncs, "job") for syncs in WITHOUT_A_QUEUE_ROW),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_the_clean_up_does_not_wait_for_locked_rows(
    pricing: Pricing, another: Another, syncs: Callable[[Pricing], None], locked: str
) -> None:
    """It keeps the rows of ended syncs locked, in an order that no other session follows."""
    free, taken = pricing.start("openrouter"), pricing.start("deepinfra")
    syncs(pricing)
    warnings: list[str] = []
    cleaner = another()
    cleaner.connection.add_notice_handler(lambda notice: warnings.append(str(notice)))
    cleaner.do("set lock_timeout = '2s'")
    clean = "select syncs_cleaned from public.cleanup_stuck_pricing_syncs()"
    part = {
        "queue row": (HOLD_QUEUE_ROW, taken.queue_job_id),
        "job": (HOLD_JOB, taken.job_id),
        "provider": (HOLD_PROVIDER, taken.provider),
    }
    before = [as_it_stands(pricing, attempt) for attempt in (free, taken)]
    with pricing.connection.transaction():
        pricing.do(*part[locked])
        assert cleaner.value(clean) == 1
        assert as_it_stands(cleaner, free) != before[0]
        assert as_it_stands(cleaner, taken) == before[1]
    assert cleaner.value(clean) == 1
    assert as_it_stands(cleaner, taken) != before[1]
    assert cleaner.value(clean) == 0
    assert warnings == []
    assert_agreed(pricing.connection)


def as_it_stands(pricing: Pricing, attempt: Attempt) -> list[Row]:
    return [
        *pricing.rows("select * from public.pricing_sync_jobs where job_id = %s", attempt.job_id),
        *pricing.rows(
            "select * from public.pricing_sync_log where job_id = %s order by id", attempt.job_id
        ),
        *pricing.queue_rows(attempt.job_id),
    ]


# Everything at once.


@pytest.mark.long
@pytest.mark.timeout(180 + 60 * MINUTES)
@pytest.mark.parametrize("names", [ORDERLY, ORDERLY + DISORDERLY], ids=["in order", "any"])
def test_concurrent_calls(
    shared_database: SharedDatabase, pricing: Pricing, names: list[str]
) -> None:
    deadline = time.monotonic() + MINUTES * 60 / 2
    acts = Counter[str]()
    for number, seed in enumerate(count(int(time.time()) if MINUTES else 1)):
        done = interleave(shared_database.url, seed, names)
        assert done.faults == [], seed
        acts += done.acts
        # The test needs each act done at least once. Which acts are refused depends on timing, and
        # one that mostly is may be refused each time: then it goes on.
        idle = [name for name in names if not acts[f"{name}: done"]]
        if time.monotonic() > deadline and not idle:
            return
        assert not idle or number < 5, (idle, acts)
