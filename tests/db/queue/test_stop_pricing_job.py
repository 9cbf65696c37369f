"""A job that a person ends stops its provider syncs, including those locked at that moment."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from psycopg.types.json import Jsonb

from tests.db.agreement import assert_agreed
from tests.db.conftest import Another
from tests.db.pricing import Attempt, Pricing, refused

MARK = (
    "update public.pricing_sync_jobs set status = 'failed', completed_at = now(),"
    " error_message = 'appeared stuck' where job_id = %s"
)


@contextmanager
def locking(holder: Pricing, queue_job_id: int) -> Iterator[None]:
    """A transaction that has locked the queue row and not yet the job, as fetch and apply have for
    a moment before they change anything."""
    with holder.connection.transaction():
        holder.do(
            "select from procrastinate.procrastinate_jobs where id = %s for no key update",
            queue_job_id,
        )
        yield


@pytest.fixture
def worker(another: Another) -> Pricing:
    return another()


@pytest.fixture
def person(another: Another) -> Pricing:
    """A session that may wait only for the moment that detecting a wait takes."""
    person = another()
    person.do("set lock_timeout = '2s'")
    return person


def is_stopped(pricing: Pricing, job_id: object) -> None:
    assert_agreed(pricing.connection)
    job = pricing.job(job_id)
    assert (job["status"], job["error_message"]) == ("failed", "appeared stuck")
    assert pricing.rows("select from public.pricing_sync_lock") == []


def is_too_late(worker: Pricing, attempt: Attempt) -> None:
    """The worker's next read reports it, and the worker can write nothing."""
    with worker.as_role("pricing_worker"):
        assert (
            worker.rows(
                "select from public.get_provider_sync(%s, %s)",
                attempt.queue_job_id,
                attempt.number,
            )
            == []
        )
    with worker.nothing_written():
        with refused("PT409"):
            worker.succeed(attempt)
        assert worker.end(attempt) is False


def test_while_a_worker_fetches_it(pricing: Pricing, worker: Pricing, person: Pricing) -> None:
    job = pricing.trigger("openrouter")
    (row,) = pricing.queue_rows(job["job_id"])
    with locking(worker, row["id"]):
        assert person.do(MARK, job["job_id"]) == 1
        assert person.queue_row(row["id"])["status"] == "todo", "it is the fetcher's"
        attempt = worker.fetch()
    assert attempt is not None
    assert pricing.queue_row(row["id"])["status"] == "aborted"
    log = pricing.log(row["id"])
    assert (log["status"], log["error_kind"]) == ("cancelled", "stopped")
    is_stopped(pricing, job["job_id"])
    is_too_late(worker, attempt)


def test_just_after_a_worker_has_fetched_it(
    pricing: Pricing, worker: Pricing, person: Pricing, threads: ThreadPoolExecutor
) -> None:
    job = pricing.trigger("openrouter")
    with worker.connection.transaction():
        attempt = worker.fetch()
        marked = threads.submit(person.do, MARK, job["job_id"])
        worker.wait_until_blocked(person)
    assert marked.result(60) == 1
    assert attempt is not None
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "aborted"
    is_stopped(pricing, job["job_id"])
    is_too_late(worker, attempt)


def test_while_its_prices_are_applied(pricing: Pricing, worker: Pricing, person: Pricing) -> None:
    attempt = pricing.start("openrouter", "deepinfra")
    with locking(worker, attempt.queue_job_id):
        assert person.do(MARK, attempt.job_id) == 1
        worker.succeed(attempt, "m1", "m2")
    assert pricing.log(attempt.queue_job_id)["status"] == "success"
    job = pricing.job(attempt.job_id)
    assert (job["outcome"], job["stopped_at"] is None) == ("failed", False)
    assert (job["providers_synced"], job["models_updated"]) == (1, 2), "the counts tell"
    assert pricing.model("m1")["last_changed_at"] is not None
    is_stopped(pricing, attempt.job_id)


@pytest.mark.parametrize("providers", [1, 2])
def test_just_after_its_prices_were_applied(
    pricing: Pricing,
    worker: Pricing,
    person: Pricing,
    threads: ThreadPoolExecutor,
    providers: int,
) -> None:
    attempt = pricing.start(*("openrouter", "deepinfra")[:providers])
    with worker.connection.transaction():
        worker.succeed(attempt)
        marked = threads.submit(person.do, MARK, attempt.job_id)
        worker.wait_until_blocked(person)
    if providers == 1:
        with refused("PT409"):
            marked.result(60)
        assert pricing.job(attempt.job_id)["outcome"] == "success"
        assert_agreed(pricing.connection)
        return
    assert marked.result(60) == 1
    job = pricing.job(attempt.job_id)
    assert (job["providers_synced"], job["providers_failed"]) == (1, 1)
    is_stopped(pricing, attempt.job_id)


@pytest.mark.parametrize("end", ["failed", "cancelled", "queued", "aborted"])
def test_while_its_attempt_ends(
    pricing: Pricing, worker: Pricing, person: Pricing, end: str
) -> None:
    attempt = pricing.start("openrouter")
    with locking(worker, attempt.queue_job_id):
        assert person.do(MARK, attempt.job_id) == 1
        assert worker.end(attempt, end, "kind", "the worker's own words") is True
    log = pricing.log(attempt.queue_job_id)
    assert (log["error_kind"], log["error_message"]) == ("kind", "the worker's own words")
    status = pricing.queue_row(attempt.queue_job_id)["status"]
    assert status == {"failed": "failed", "cancelled": "aborted"}.get(end, "cancelled")
    is_stopped(pricing, attempt.job_id)


@pytest.mark.parametrize("by", ["clean-up", "lock release"])
def test_while_it_is_taken_back(
    pricing: Pricing, another: Another, person: Pricing, by: str
) -> None:
    attempt = pricing.start("openrouter", worker_id=pricing.worker("1 hour"))
    cleaner = another()
    with locking(cleaner, attempt.queue_job_id):
        assert person.do(MARK, attempt.job_id) == 1
        if by == "clean-up":
            cleaner.do("select public.cleanup_stuck_pricing_syncs()")
        else:
            cleaner.do("delete from public.pricing_sync_lock")
    assert pricing.queue_row(attempt.queue_job_id)["status"] in ("cancelled", "aborted")
    is_stopped(pricing, attempt.job_id)
    assert pricing.fetch() is None


def test_just_after_it_was_taken_back(
    pricing: Pricing, another: Another, person: Pricing, threads: ThreadPoolExecutor
) -> None:
    attempt = pricing.start("openrouter", worker_id=pricing.worker("1 hour"))
    cleaner = another()
    with cleaner.connection.transaction():
        cleaner.do("select public.cleanup_stuck_pricing_syncs()")
        marked = threads.submit(person.do, MARK, attempt.job_id)
        cleaner.wait_until_blocked(person)
    assert marked.result(60) == 1
    assert pricing.log_statuses(attempt.queue_job_id) == ["failed", "cancelled"]
    is_stopped(pricing, attempt.job_id)


def defer(pricing: Pricing, provider: str, job_id: object) -> None:
    with pricing.as_role("pricing_worker"):
        pricing.do(
            "insert into procrastinate.procrastinate_jobs (task_name, args)"
            " values ('sync_provider', %s)",
            Jsonb({"provider": provider, "job_id": str(job_id)}),
        )


def start_without_deepinfra(pricing: Pricing) -> Attempt:
    """Of a job that is also for deepinfra, whose row was deleted."""
    attempt = pricing.start("openrouter", "deepinfra")
    pricing.do("delete from procrastinate.procrastinate_jobs where status = 'todo'")
    return attempt


def test_while_a_row_is_put_under_it(
    pricing: Pricing, another: Another, person: Pricing, threads: ThreadPoolExecutor
) -> None:
    attempt = start_without_deepinfra(pricing)
    other = another()
    with other.connection.transaction():
        defer(other, "deepinfra", attempt.job_id)
        marked = threads.submit(person.do, MARK, attempt.job_id)
        other.wait_until_blocked(person)
    assert marked.result(60) == 1
    rows = pricing.queue_rows(attempt.job_id)
    assert [row["status"] for row in rows] == ["aborted", "cancelled"]
    is_stopped(pricing, attempt.job_id)


def test_just_before_a_row_is_put_under_it(
    pricing: Pricing, another: Another, person: Pricing, threads: ThreadPoolExecutor
) -> None:
    attempt = start_without_deepinfra(pricing)
    other = another()
    with person.connection.transaction():
        person.do(MARK, attempt.job_id)
        deferred = threads.submit(defer, other, "deepinfra", attempt.job_id)
        person.wait_until_blocked(other)
    with refused("PT422"):
        deferred.result(60)
    is_stopped(pricing, attempt.job_id)


def test_while_it_is_retried(
    pricing: Pricing, another: Another, person: Pricing, threads: ThreadPoolExecutor
) -> None:
    failed = pricing.start("openrouter", "deepinfra")
    pricing.end(failed)
    other = another()
    with other.connection.transaction():
        other.do("select public.retry_pricing_sync(%s)", failed.job_id)
        marked = threads.submit(person.do, MARK, failed.job_id)
        other.wait_until_blocked(person)
    assert marked.result(60) == 1
    statuses = [row["status"] for row in pricing.queue_rows(failed.job_id)]
    assert statuses == ["failed", "cancelled", "cancelled"]
    is_stopped(pricing, failed.job_id)


def test_while_the_shell_retries_a_row_of_it(
    pricing: Pricing, another: Another, person: Pricing
) -> None:
    """The row is todo under a job that the shell sees open, and that a person has ended."""
    failed = pricing.start("openrouter", "deepinfra")
    pricing.end(failed)
    shell = another()
    with locking(shell, failed.queue_job_id):
        assert person.do(MARK, failed.job_id) == 1
        shell.do(
            "select procrastinate.procrastinate_retry_job_v2(%s, now(), null, null, null)",
            failed.queue_job_id,
        )
    # The last statement decides: the retry opens the job again.
    assert_agreed(pricing.connection)
    assert pricing.job(failed.job_id)["status"] == "running"


def test_a_person_who_changes_his_mind_leaves_the_fetcher_alone(
    pricing: Pricing, worker: Pricing, person: Pricing, threads: ThreadPoolExecutor
) -> None:
    job = pricing.trigger("openrouter")
    (row,) = pricing.queue_rows(job["job_id"])
    with locking(worker, row["id"]):
        with person.connection.transaction(force_rollback=True):
            person.do(MARK, job["job_id"])
            fetched = threads.submit(worker.fetch)
            person.wait_until_blocked(worker)
        attempt = fetched.result(60)
    assert attempt is not None
    assert_agreed(pricing.connection)
    pricing.succeed(attempt)
    assert pricing.job(job["job_id"])["outcome"] == "success"
    assert_agreed(pricing.connection)
