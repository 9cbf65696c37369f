"""Which providers are due, once per slot, and when they are due next."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Attempt, Pricing, Row, price

BOTH = ["deepinfra", "openrouter"]


def enqueue(pricing: Pricing) -> list[Row]:
    with pricing.as_role("pricing_worker"):
        return pricing.rows("select * from public.enqueue_due_pricing_syncs()")


def enqueued(pricing: Pricing) -> list[str]:
    """The providers that one call enqueues, in at most one job."""
    jobs = enqueue(pricing)
    assert len(jobs) <= 1
    return [slug for job in jobs for slug in job["providers"]]


def plan(pricing: Pricing, slug: str, **columns: object) -> None:
    names = ", ".join(f"{name} = %s" for name in columns)
    pricing.do(
        f"update public.pricing_providers set {names} where slug = %s", *columns.values(), slug
    )


def due_in(pricing: Pricing, slug: str, interval: str) -> None:
    """Set the provider's next slot, from now; a negative one is due already."""
    pricing.do(
        "update public.pricing_providers set next_sync_at = clock_timestamp() + %s::interval"
        " where slug = %s",
        interval,
        slug,
    )


def only(pricing: Pricing, *slugs: str) -> None:
    """Set the slot of all other providers to tomorrow."""
    pricing.do(
        "update public.pricing_providers set next_sync_at = now() + interval '1 day'"
        " where slug <> all (%s)",
        list(slugs),
    )


def finish(pricing: Pricing, attempt: Attempt | None = None) -> str:
    """End the sync that was enqueued first; returns its provider."""
    attempt = attempt or pricing.fetch()
    assert attempt is not None
    pricing.succeed(attempt)
    return attempt.provider


def from_now(moment: datetime) -> timedelta:
    return moment - datetime.now(UTC)


def test_all_that_are_due_are_one_job_and_their_slots_move_on(pricing: Pricing) -> None:
    (job,) = enqueue(pricing)
    assert (job["providers"], job["triggered_by"], job["status"]) == (BOTH, "schedule", "queued")
    assert (job["dry_run"], job["providers_total"]) == (False, 2)
    assert [row["lock"] for row in pricing.queue_rows(job["job_id"])] == [
        f"pricing_sync:{slug}" for slug in BOTH
    ]
    for slug in BOTH:
        hours = from_now(pricing.provider(slug)["next_sync_at"]) / timedelta(hours=1)
        assert 5.3 < hours < 6.7
    assert pricing.provider("catalogue")["next_sync_at"] is None
    with pricing.nothing_written():
        assert enqueue(pricing) == []


def test_who_is_not_due_waits(pricing: Pricing) -> None:
    only(pricing, "openrouter", "deepinfra")
    due_in(pricing, "openrouter", "-1 second")
    due_in(pricing, "deepinfra", "1 minute")
    assert enqueued(pricing) == ["openrouter"]


def test_slots_missed_without_a_tick_are_one(pricing: Pricing) -> None:
    only(pricing, "openrouter")
    plan(pricing, "openrouter", sync_interval="1 hour", sync_jitter=0)
    due_in(pricing, "openrouter", "-10 days")
    assert enqueued(pricing) == ["openrouter"]
    wait = from_now(pricing.provider("openrouter")["next_sync_at"])
    assert timedelta(minutes=59) < wait < timedelta(minutes=61)
    finish(pricing)
    assert enqueued(pricing) == []


@pytest.mark.parametrize("next_run", ["3 hours", "30 days"])
def test_a_sync_by_hand_keeps_the_next_run(pricing: Pricing, next_run: str) -> None:
    """Also a next run that a person has postponed."""
    due_in(pricing, "openrouter", next_run)
    before = pricing.provider("openrouter")["next_sync_at"]
    pricing.sync("openrouter", [price("m")])
    pricing.end(pricing.start("openrouter"))
    pricing.sync("openrouter", None)
    assert pricing.provider("openrouter")["next_sync_at"] == before


@pytest.mark.parametrize("late", [None, "-1 minute"])
def test_a_success_serves_a_slot_that_had_come(pricing: Pricing, late: str | None) -> None:
    """With or without a tick while it was open."""
    only(pricing, "openrouter")
    plan(pricing, "openrouter", sync_jitter=0)
    attempt = pricing.start("openrouter")
    if late is not None:
        due_in(pricing, "openrouter", late)
    pricing.succeed(attempt)
    wait = from_now(pricing.provider("openrouter")["next_sync_at"])
    assert timedelta(hours=5, minutes=58) < wait <= timedelta(hours=6)
    assert enqueued(pricing) == []


@pytest.mark.parametrize("late", [None, "-1 minute"])
def test_a_failure_or_a_dry_run_that_ended_serves_none(pricing: Pricing, late: str | None) -> None:
    only(pricing, "openrouter")
    if late is not None:
        due_in(pricing, "openrouter", late)
    pricing.succeed(pricing.start("openrouter", dry_run=True))
    pricing.end(pricing.start("openrouter"))
    assert enqueued(pricing) == ["openrouter"]


@pytest.mark.parametrize("is_running", [False, True])
def test_a_sync_that_is_open_when_the_slot_comes_serves_it(
    pricing: Pricing, is_running: bool
) -> None:
    only(pricing, "openrouter")
    pricing.trigger("openrouter")
    attempt = pricing.fetch() if is_running else None
    assert enqueued(pricing) == []
    assert from_now(pricing.provider("openrouter")["next_sync_at"]) > timedelta(hours=5)
    finish(pricing, attempt)
    assert enqueued(pricing) == []


def test_a_dry_run_serves_no_slot(pricing: Pricing) -> None:
    only(pricing, "openrouter")
    pricing.trigger("openrouter", dry_run=True)
    assert enqueued(pricing) == ["openrouter"]


def test_a_sync_of_a_job_that_was_ended_serves_no_slot(pricing: Pricing) -> None:
    only(pricing, "openrouter")
    attempt = pricing.start("openrouter")
    pricing.do("select public.cancel_pricing_sync(%s)", attempt.job_id)
    assert enqueued(pricing) == ["openrouter"]


def test_a_sync_that_is_being_aborted_serves_no_slot(pricing: Pricing) -> None:
    """Aborted through the engine: its job is open until the worker has obeyed."""
    only(pricing, "openrouter")
    attempt = pricing.start("openrouter")
    pricing.do(
        "select procrastinate.procrastinate_cancel_job_v1(%s, true, false)", attempt.queue_job_id
    )
    assert pricing.job(attempt.job_id)["outcome"] is None
    assert enqueued(pricing) == ["openrouter"]


def test_nor_does_what_is_left_open_of_a_job_that_has_ended(pricing: Pricing) -> None:
    """A session had locked it; the next clean-up stops it."""
    only(pricing, "openrouter")
    job_id = pricing.trigger("openrouter")["job_id"]
    with pricing.connection.transaction():
        pricing.do("set local session_replication_role = replica")
        pricing.do(
            "update public.pricing_sync_jobs set status = 'failed', outcome = 'failed',"
            " completed_at = now() where job_id = %s",
            job_id,
        )
    assert [row["status"] for row in pricing.queue_rows(job_id)] == ["todo"]
    assert enqueued(pricing) == ["openrouter"]


def test_disabled_and_helpless_providers_are_not_enqueued(pricing: Pricing) -> None:
    plan(pricing, "openrouter", enabled=False)
    plan(pricing, "deepinfra", state="no_credentials")
    plan(pricing, "catalogue", adapter=None)
    with pricing.nothing_written():
        assert enqueued(pricing) == []
    plan(pricing, "openrouter", enabled=True)
    assert enqueued(pricing) == ["openrouter"]


def test_a_provider_whose_list_has_no_prices_is_enqueued(pricing: Pricing) -> None:
    only(pricing, "openrouter")
    plan(pricing, "openrouter", state="no_price_api")
    assert enqueued(pricing) == ["openrouter"]


def test_who_asked_not_to_be_called_is_left_alone_until_then(pricing: Pricing) -> None:
    only(pricing, "openrouter")
    pricing.do(
        "update public.pricing_providers set next_allowed_at = now() + interval '1 hour'"
        " where slug = 'openrouter'"
    )
    with pricing.nothing_written():
        assert enqueued(pricing) == []
    pricing.do("update public.pricing_providers set next_allowed_at = now() - interval '1 second'")
    assert enqueued(pricing) == ["openrouter"]


def test_failures_stretch_the_interval_and_a_success_restores_it(pricing: Pricing) -> None:
    only(pricing, "openrouter")
    plan(pricing, "openrouter", sync_interval="1 hour", sync_jitter=0)
    hours = []
    for _ in range(8):
        due_in(pricing, "openrouter", "-1 second")
        assert enqueued(pricing) == ["openrouter"]
        wait = from_now(pricing.provider("openrouter")["next_sync_at"])
        hours.append(round(wait / timedelta(hours=1)))
        attempt = pricing.fetch()
        assert attempt is not None
        pricing.end(attempt)
    assert hours == [1, 1, 1, 2, 4, 8, 16, 24]

    # A dry run keeps the delay after failures; any other success ends it, whatever triggered it.
    pricing.succeed(pricing.start("openrouter", dry_run=True))
    assert from_now(pricing.provider("openrouter")["next_sync_at"]) > timedelta(hours=23)
    pricing.sync("openrouter", [price("m")])
    wait = from_now(pricing.provider("openrouter")["next_sync_at"])
    assert timedelta(minutes=59) < wait < timedelta(minutes=61)
    pricing.sync("openrouter", None)
    assert from_now(pricing.provider("openrouter")["next_sync_at"]) < wait


def test_a_success_does_not_put_off_what_comes_soon(pricing: Pricing) -> None:
    plan(pricing, "openrouter", consecutive_failures=5)
    due_in(pricing, "openrouter", "10 minutes")
    before = pricing.provider("openrouter")["next_sync_at"]
    pricing.sync("openrouter", [price("m")])
    assert pricing.provider("openrouter")["next_sync_at"] == before


def test_the_catalogue_comes_when_all_others_have_ended(pricing: Pricing) -> None:
    assert enqueued(pricing) == BOTH
    assert enqueued(pricing) == []
    first = pricing.fetch()
    finish(pricing)
    assert enqueued(pricing) == [], "one of them runs"
    assert first is not None
    pricing.end(first)
    due_in(pricing, "openrouter", "-1 second")
    assert enqueued(pricing) == ["openrouter"], "another one is due"
    finish(pricing)
    assert enqueued(pricing) == ["catalogue"]
    assert enqueued(pricing) == []
    assert from_now(pricing.provider("catalogue")["next_sync_at"]) > timedelta(hours=5)


def test_the_catalogue_does_not_wait_for_ever(pricing: Pricing) -> None:
    pricing.start("openrouter")
    plan(pricing, "catalogue", sync_interval="6 hours")
    due_in(pricing, "deepinfra", "1 hour")
    due_in(pricing, "catalogue", "-5 hours")
    assert enqueued(pricing) == [], "openrouter runs"
    due_in(pricing, "catalogue", "-7 hours")
    assert enqueued(pricing) == ["catalogue"]


def test_the_catalogue_waits_for_a_sync_by_hand_and_not_for_a_dry_run(pricing: Pricing) -> None:
    only(pricing, "catalogue")
    by_hand = pricing.start("openrouter")
    assert enqueued(pricing) == []
    finish(pricing, by_hand)
    pricing.start("deepinfra", dry_run=True)
    assert enqueued(pricing) == ["catalogue"]


def test_the_catalogue_s_slot_is_served_by_one_by_hand(pricing: Pricing) -> None:
    pricing.trigger()
    assert enqueued(pricing) == []
    assert all(
        from_now(pricing.provider(slug)["next_sync_at"]) > timedelta(hours=5)
        for slug in (*BOTH, "catalogue")
    )


def test_a_locked_provider_is_left_to_the_next_tick(pricing: Pricing, another: Another) -> None:
    holder = another()
    pricing.do("set lock_timeout = '2s'")
    with holder.connection.transaction():
        holder.do("select from public.pricing_providers where slug = 'deepinfra' for no key update")
        assert enqueued(pricing) == ["openrouter"]
        finish(pricing)
        assert enqueued(pricing) == [], "deepinfra is due still: the catalogue waits"
    assert enqueued(pricing) == ["deepinfra"]


def test_a_slot_taken_by_an_uncommitted_tick_is_not_taken_again(
    pricing: Pricing, another: Another
) -> None:
    first, second = another(), another()
    with first.connection.transaction():
        assert enqueued(first) == BOTH
        second.do("set lock_timeout = '2s'")
        assert enqueued(second) == [], "and the catalogue does not slip in"
    assert enqueued(second) == []


def test_never_twice_for_one_slot(another: Another, threads: ThreadPoolExecutor) -> None:
    """Many rounds of concurrent calls, each on its own connection."""
    callers = [another() for _ in range(4)]
    barrier = Barrier(len(callers))
    watch = callers[0]
    rounds = 60

    def call(pricing: Pricing) -> list[str]:
        barrier.wait(60)
        return enqueued(pricing)

    for _ in range(rounds):
        watch.do(
            "delete from procrastinate.procrastinate_jobs;"
            " update public.pricing_providers set next_sync_at = null"
        )
        found = Counter(slug for slugs in threads.map(call, callers) for slug in slugs)
        assert found == {"openrouter": 1, "deepinfra": 1}, found
        open_rows = watch.value("select count(*) from procrastinate.procrastinate_jobs")
        assert open_rows == 2


@pytest.mark.parametrize("on_conflict", ["coalesce", "reject"])
def test_a_trigger_that_was_left_open_keeps_no_slot_waiting(
    pricing: Pricing, another: Another, on_conflict: str
) -> None:
    """Its own sync is queued after the scheduled one."""
    person = another()
    pricing.do("set lock_timeout = '2s'")
    with person.connection.transaction():
        # The trigger has checked; its own sync is not visible yet.
        person.trigger("openrouter", on_conflict=on_conflict, dry_run=True, role="service_role")
        assert enqueued(pricing) == BOTH
        assert enqueued(pricing) == []
    assert enqueued(pricing) == []
    assert pricing.value("select count(*) from public.pricing_sync_jobs") == 2


def test_who_looks_while_a_slot_is_being_taken_sees_its_sync(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    ticking, person = another(), another()
    with ticking.connection.transaction():
        assert enqueued(ticking) == BOTH
        waiting = threads.submit(person.trigger, *BOTH, on_conflict="coalesce")
        ticking.wait_until_blocked(person)
    assert waiting.result(60)["triggered_by"] == "schedule"
    assert pricing.value("select count(*) from public.pricing_sync_jobs") == 1


def test_a_tick_delayed_half_way_keeps_its_slots(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    gate, slow = another(), another()
    pricing.do("set lock_timeout = '2s'")
    with gate.connection.transaction():
        # It has taken its slots when it reads the queue.
        gate.do("lock table procrastinate.procrastinate_jobs in access exclusive mode")
        waiting = threads.submit(enqueued, slow)
        gate.wait_until_blocked(slow)
        assert enqueued(pricing) == []
    assert waiting.result(60) == BOTH
    assert enqueued(pricing) == []
