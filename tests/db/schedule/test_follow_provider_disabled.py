"""Disabling a provider cancels its waiting syncs in the same transaction."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.db.agreement import assert_agreed
from tests.db.conftest import Another
from tests.db.pricing import Pricing, refused

DISABLE = "update public.pricing_providers set enabled = false where slug = %s"
DISABLE_ALL = "update public.pricing_providers set enabled = false"
COUNT = "select count(*) from public.pricing_providers"
REMOVALS = [
    "delete from public.pricing_providers where slug = %s",
    "update public.pricing_providers set slug = 'renamed' where slug = %s",
]


def test_what_waits_is_cancelled_and_what_runs_ends_so(pricing: Pricing, another: Another) -> None:
    running = pricing.start("openrouter", "deepinfra")
    waiting = [pricing.trigger("openrouter"), pricing.trigger("openrouter", "catalogue")]
    person = another()
    with person.connection.transaction():
        assert person.do(DISABLE, "openrouter") == 1
        assert_agreed(person.connection)
        assert person.job(waiting[0]["job_id"])["outcome"] == "cancelled"
    assert_agreed(pricing.connection)

    job = pricing.job(waiting[0]["job_id"])
    assert (job["status"], job["stopped_at"]) == ("cancelled", None)
    message = "The provider was disabled or deleted while its sync waited"
    assert job["error_message"] == f"openrouter: {message}"
    (row,) = pricing.queue_rows(waiting[0]["job_id"])
    log = pricing.log(row["id"])
    assert (log["status"], log["error_kind"], log["error_message"]) == (
        "cancelled",
        "disabled",
        message,
    )
    assert pricing.job(waiting[1]["job_id"])["status"] == "queued", "its other provider waits"

    # The running sync writes nothing.
    log = pricing.succeed(running)
    assert (log["status"], log["error_kind"]) == ("cancelled", "disabled")
    assert pricing.rows("select from public.model_pricing") == []
    assert pricing.queue_row(running.queue_job_id)["status"] == "aborted"
    assert_agreed(pricing.connection)


def test_enabled_again_it_syncs_again(pricing: Pricing) -> None:
    cancelled = pricing.trigger("openrouter")
    pricing.do(DISABLE, "openrouter")
    with refused("PT422"):
        pricing.trigger("openrouter")
    pricing.do("update public.pricing_providers set enabled = true where slug = 'openrouter'")
    assert pricing.job(cancelled["job_id"])["status"] == "cancelled", "what is over is over"
    pricing.succeed(pricing.start("openrouter"))
    pricing.do("select public.retry_pricing_sync(%s)", cancelled["job_id"])
    again = pricing.fetch()
    assert again is not None
    pricing.succeed(again)
    assert pricing.job(cancelled["job_id"])["outcome"] == "success"
    assert_agreed(pricing.connection)


def test_enabled_before_its_prices_arrive_they_are_written(pricing: Pricing) -> None:
    running = pricing.start("openrouter")
    pricing.do(DISABLE, "openrouter")
    pricing.do("update public.pricing_providers set enabled = true where slug = 'openrouter'")
    assert pricing.succeed(running)["status"] == "success"


def test_other_changes_of_a_provider_leave_the_queue_alone(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    pricing.do("update public.pricing_providers set enabled = true, timeout = '5 minutes'")
    pricing.do(DISABLE, "deepinfra")
    assert pricing.job(job["job_id"])["status"] == "queued"
    assert pricing.fetch() is not None


def test_a_row_that_a_worker_locks_is_left_to_it(pricing: Pricing, another: Another) -> None:
    job = pricing.trigger("openrouter")
    worker = another()
    pricing.do("set lock_timeout = '2s'")
    with worker.connection.transaction():
        attempt = worker.fetch()
        assert pricing.do(DISABLE, "openrouter") == 1
    assert attempt is not None
    assert pricing.succeed(attempt)["error_kind"] == "disabled"
    assert pricing.job(job["job_id"])["outcome"] == "cancelled"
    assert_agreed(pricing.connection)


def test_all_at_once_while_applies_run(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    """The applies have locked the statement's last rows, and want the rows that it has locked."""
    slugs = ("openrouter", "deepinfra", "catalogue")
    workers = [another() for _ in slugs]
    person = another()
    pricing.do("set lock_timeout = '2s'")
    for _ in range(10):
        pricing.do("update public.pricing_providers set enabled = true")
        attempts = [pricing.start(slug) for slug in slugs]
        waiting = pricing.trigger(*slugs)
        disabled = threads.submit(person.do, DISABLE_ALL)
        results = [threads.submit(w.apply, a, None) for w, a in zip(workers, attempts, strict=True)]
        assert disabled.result(60) == pricing.value(COUNT)
        assert {r.result(60)["status"] for r in results} <= {"success", "cancelled"}
        assert pricing.job(waiting["job_id"])["outcome"] == "cancelled"
        assert_agreed(pricing.connection)


def test_an_apply_that_locks_its_row_and_wants_the_provider(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    """Two rows of one job: the person cancels the waiting one; the other's end locks the job."""
    running = pricing.start("openrouter", "deepinfra")
    worker, person = another(), another()
    person.do("set lock_timeout = '2s'")
    with worker.connection.transaction():
        # As apply and end do: queue row, then job row, and the provider row last.
        worker.do(
            "select from procrastinate.procrastinate_jobs where id = %s for no key update",
            running.queue_job_id,
        )
        worker.do(
            "select from public.pricing_sync_jobs where job_id = %s for no key update",
            running.job_id,
        )
        with person.connection.transaction():
            assert person.do(DISABLE_ALL) == pricing.value(COUNT)
            applied = threads.submit(worker.apply, running, None)
            person.wait_until_blocked(worker)
        assert applied.result(60)["status"] == "success", "it had begun before"
    (row,) = [r for r in pricing.queue_rows(running.job_id) if r["status"] == "todo"]
    # The worker had locked the job, so the next clean-up cancels the skipped row.
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    assert pricing.queue_row(row["id"])["status"] == "cancelled"
    assert pricing.job(running.job_id)["outcome"] == "partial"
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("remove", REMOVALS)
def test_a_removed_provider_takes_its_syncs_along(pricing: Pricing, remove: str) -> None:
    running = pricing.start("openrouter", "deepinfra")
    waiting = pricing.trigger("openrouter")
    pricing.do(remove, "openrouter")
    assert_agreed(pricing.connection)

    job = pricing.job(waiting["job_id"])
    assert job["status"] == "cancelled"
    assert job["error_message"].startswith("openrouter: The provider was disabled or deleted")
    # The running sync writes nothing.
    log = pricing.succeed(running)
    assert (log["status"], log["error_kind"]) == ("cancelled", "disabled")
    assert pricing.rows("select from public.model_pricing") == []
    with refused("PT422"):
        pricing.do("select public.retry_pricing_sync(%s)", waiting["job_id"])
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("remove", REMOVALS)
def test_one_that_a_worker_locks_ends_with_the_next_clean_up(
    pricing: Pricing, another: Another, remove: str
) -> None:
    job = pricing.trigger("openrouter")
    (row,) = pricing.queue_rows(job["job_id"])
    worker = another()
    with worker.connection.transaction():
        worker.do(
            "select from procrastinate.procrastinate_jobs where id = %s for update", row["id"]
        )
        pricing.do(remove, "openrouter")
    assert pricing.job(job["job_id"])["status"] == "queued"
    assert [r["reason"] for r in pricing.rows("select * from public.stuck_pricing_syncs()")] == [
        "disabled"
    ]
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    assert pricing.job(job["job_id"])["outcome"] == "cancelled"
    assert_agreed(pricing.connection)


def test_a_change_of_name_alone_leaves_the_queue_alone(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    pricing.do("update public.pricing_providers set slug = slug, name = 'Another name'")
    assert pricing.job(job["job_id"])["status"] == "queued"
