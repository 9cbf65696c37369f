"""One tick: its heartbeat, which scheduler acts, and what happens after failures."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier

import psycopg
import pytest
from psycopg.pq import ExecStatus

from tests.db.conftest import Another, SharedDatabase
from tests.db.outsiders import login
from tests.db.price_decisions import charged, override, prices, said
from tests.db.pricing import Pricing, Row, refused
from tests.support.postgres import Cluster
from tests.support.waiting import wait_until


@pytest.fixture
def pricing(pricing: Pricing) -> Pricing:
    """With the schedule on, unlike the template database of the tests."""
    return switched_on(pricing)


@pytest.fixture
def own_database(own_database: Pricing) -> Pricing:
    return switched_on(own_database)


def switched_on(pricing: Pricing) -> Pricing:
    pricing.do("update public.pricing_settings set scheduler_enabled = true")
    return pricing


def tick(pricing: Pricing, scheduler: str = "worker") -> int:
    # pg_cron runs as the login user, a worker in its role.
    if scheduler == "pg_cron":
        return _tick(pricing, scheduler)
    with pricing.as_role("pricing_worker"):
        return _tick(pricing, scheduler)


def _tick(pricing: Pricing, scheduler: str) -> int:
    enqueued: int = pricing.value("select public.tick_pricing_schedule(%s)", scheduler)
    return enqueued


def heartbeat(pricing: Pricing, scheduler: str = "worker") -> Row:
    return pricing.row(
        "select *, last_tick_at > clock_timestamp() - interval '30 seconds' as is_new,"
        " last_pruned_at > clock_timestamp() - interval '30 seconds' as has_pruned"
        " from public.pricing_scheduler_ticks where scheduler = %s",
        scheduler,
    )


def silent_for(pricing: Pricing, scheduler: str, interval: str) -> None:
    pricing.do(
        "insert into public.pricing_scheduler_ticks (scheduler, last_tick_at)"
        " values (%s, clock_timestamp() - %s::interval) on conflict (scheduler)"
        " do update set last_tick_at = excluded.last_tick_at",
        scheduler,
        interval,
    )


def slots_come_again(pricing: Pricing) -> None:
    pricing.do("delete from procrastinate.procrastinate_jobs")
    pricing.do("update public.pricing_providers set next_sync_at = null")


def old_job(pricing: Pricing, age: str = "31 days") -> None:
    pricing.do(
        "insert into public.pricing_sync_jobs (status, outcome, triggered_by, completed_at)"
        " values ('completed', 'success', 'test', now() - %s::interval)",
        age,
    )


def old_jobs(pricing: Pricing) -> int:
    found: int = pricing.value(
        "select count(*) from public.pricing_sync_jobs where triggered_by = 'test'"
    )
    return found


def open_syncs(pricing: Pricing) -> list[str]:
    rows = pricing.rows(
        "select args ->> 'provider' as slug from procrastinate.procrastinate_jobs"
        " where status = 'todo' order by 1"
    )
    return [row["slug"] for row in rows]


@contextmanager
def broken(pricing: Pricing, statement: str) -> Iterator[None]:
    """A trigger that runs this statement before every change of the jobs."""
    pricing.do(
        f"create function public.broken() returns trigger language plpgsql"
        f" as $$ begin {statement}; return coalesce(new, old); end $$"
    )
    pricing.do(
        "create trigger broken before insert or delete on public.pricing_sync_jobs"
        " for each row execute function public.broken()"
    )
    try:
        yield
    finally:
        pricing.do("drop function public.broken cascade")


def compiled(pricing: Pricing) -> Pricing:
    """With the tick's functions compiled, which on a busy machine may take a statement's time."""
    tick(pricing)
    slots_come_again(pricing)
    pricing.do("delete from public.pricing_sync_jobs")
    pricing.do("delete from public.pricing_scheduler_ticks")
    return pricing


def test_every_tick_leaves_a_heartbeat(pricing: Pricing) -> None:
    assert tick(pricing) == 2
    row = heartbeat(pricing)
    assert (row["is_new"], row["last_error"]) == (True, None)
    assert row["last_enqueued_at"] == row["last_tick_at"]

    assert tick(pricing) == 0
    again = heartbeat(pricing)
    assert again["last_tick_at"] > row["last_tick_at"]
    assert again["last_enqueued_at"] == row["last_enqueued_at"]
    # Behind a lock of pg_cron's own, the tick counts as absent.
    assert tick(pricing, "pg_cron") == 0
    assert heartbeat(pricing, "pg_cron")["last_enqueued_at"] is None


def test_workers_yield_to_pg_cron_while_it_ticks(pricing: Pricing) -> None:
    old_job(pricing)
    silent_for(pricing, "pg_cron", "75 seconds")
    assert tick(pricing) == 0
    row = heartbeat(pricing)
    assert (row["is_new"], row["last_enqueued_at"], row["last_pruned_at"]) == (True, None, None)
    assert old_jobs(pricing) == 1
    assert pricing.value("select count(*) from procrastinate.procrastinate_jobs") == 0


@pytest.mark.parametrize("silence", ["91 seconds", "3 days", "-3 days"])
def test_workers_take_over_from_a_silent_pg_cron(pricing: Pricing, silence: str) -> None:
    """Also when its last tick was before the clock was set back."""
    silent_for(pricing, "pg_cron", silence)
    assert tick(pricing) == 2


@pytest.mark.parametrize("role", ["service_role", "pricing_worker"])
def test_who_is_not_the_owner_is_not_pg_cron(
    pricing: Pricing, shared_database: SharedDatabase, migrated_cluster: Cluster, role: str
) -> None:
    """Otherwise workers would leave the schedule to that session, and no process would enqueue."""
    with login(migrated_cluster, shared_database.url, member_of=role) as outsider:
        with pytest.raises(psycopg.Error) as info:
            outsider.execute("select public.tick_pricing_schedule('pg_cron')")
        assert info.value.sqlstate == "PT409"
    assert pricing.rows("select from public.pricing_scheduler_ticks") == []
    assert tick(pricing) > 0


def test_workers_take_over_from_a_pg_cron_that_cannot_enqueue(pricing: Pricing) -> None:
    pricing.do(
        "insert into public.pricing_scheduler_ticks (scheduler, last_tick_at, last_error)"
        " values ('pg_cron', clock_timestamp(), 'Enqueueing failed: permission denied')"
    )
    assert tick(pricing, "worker") > 0


def test_pg_cron_ticks_although_a_worker_does(pricing: Pricing) -> None:
    tick(pricing)
    slots_come_again(pricing)
    assert tick(pricing, "pg_cron") == 2


def test_a_clean_up_needs_no_turn(pricing: Pricing) -> None:
    silent_for(pricing, "pg_cron", "0 seconds")
    lost = pricing.start("openrouter", worker_id=pricing.worker("1 hour"))
    tick(pricing)
    with pricing.as_role("pricing_worker"):
        assert pricing.row("select * from public.cleanup_stuck_pricing_syncs()") == {
            "stuck_syncs_found": 1,
            "syncs_cleaned": 1,
        }
    assert pricing.queue_row(lost.queue_job_id)["status"] == "todo"


@pytest.mark.parametrize("scheduler", ["worker", "pg_cron"])
def test_a_schedule_that_is_switched_off_ticks_and_enqueues_nothing(
    pricing: Pricing, scheduler: str
) -> None:
    pricing.do("update public.pricing_settings set scheduler_enabled = false")
    old_job(pricing)
    assert tick(pricing, scheduler) == 0
    assert heartbeat(pricing, scheduler)["is_new"]
    assert pricing.provider("openrouter")["next_sync_at"] is None
    # Pruning old jobs is not part of pg_cron's tick; a separate job of pg_cron does that.
    assert old_jobs(pricing) == (0 if scheduler == "worker" else 1)


def test_workers_prune_once_an_hour(pricing: Pricing) -> None:
    pricing.do("update public.pricing_settings set retention = '40 days'")
    old_job(pricing)
    tick(pricing)
    assert heartbeat(pricing)["has_pruned"]
    assert old_jobs(pricing) == 1, "kept for as long as the settings say"

    pricing.do("update public.pricing_settings set retention = '30 days'")
    tick(pricing)
    assert old_jobs(pricing) == 1
    pricing.do(
        "update public.pricing_scheduler_ticks"
        " set last_pruned_at = last_pruned_at - interval '61 minutes'"
    )
    tick(pricing)
    assert heartbeat(pricing)["has_pruned"]
    assert old_jobs(pricing) == 0


@pytest.mark.parametrize("scheduler", ["worker", "pg_cron"])
def test_a_failing_enqueue_leaves_a_heartbeat_that_says_so(
    own_database: Pricing, scheduler: str
) -> None:
    pricing = own_database
    notices: list[str] = []
    pricing.connection.add_notice_handler(lambda n: notices.append(n.message_primary or ""))
    with broken(pricing, "raise 'the disk is full'"):
        assert tick(pricing, scheduler) == 0
        row = heartbeat(pricing, scheduler)
        assert row["is_new"]
        assert row["last_error"] == "Enqueueing failed: the disk is full"
        assert row["last_enqueued_at"] is None
        assert [n for n in notices if "the disk is full" in n]
        assert pricing.provider("openrouter")["next_sync_at"] is None, "its slot is not lost"
    assert tick(pricing, scheduler) == 2
    assert heartbeat(pricing, scheduler)["last_error"] is None


def test_a_tick_that_is_cut_short_leaves_a_heartbeat_too(own_database: Pricing) -> None:
    pricing = compiled(own_database)
    with broken(pricing, "perform pg_sleep(20)"):
        pricing.do("set statement_timeout = '2s'")
        assert tick(pricing) == 0
        pricing.do("reset statement_timeout")
    row = heartbeat(pricing)
    assert row["is_new"]
    assert "statement timeout" in row["last_error"]


def test_its_timeout_is_known_when_the_client_is_slow(own_database: Pricing) -> None:
    """statement_timeout counts from Parse, statement_timestamp() from Execute."""
    pricing = compiled(own_database)
    connection = pricing.connection.pgconn
    with broken(pricing, "perform pg_sleep(20)"):
        # Counted from Execute, three quarters of it are to be over: a busy machine may be slow too.
        pricing.do("set statement_timeout = '4s'")
        connection.enter_pipeline_mode()
        connection.send_prepare(b"tick", b"select public.tick_pricing_schedule('worker')")
        connection.send_flush_request()
        connection.flush()
        time.sleep(0.1)  # The input of this test, not a wait for something.
        connection.send_query_prepared(b"tick", None)
        connection.pipeline_sync()
        statuses: list[ExecStatus | None] = []
        while (result := connection.get_result()) or statuses[-1] is not ExecStatus.PIPELINE_SYNC:
            statuses.append(ExecStatus(result.status) if result else None)
        connection.exit_pipeline_mode()
        assert ExecStatus.TUPLES_OK in statuses
        pricing.do("reset statement_timeout")
    assert "statement timeout" in heartbeat(pricing)["last_error"]


def test_who_cancels_a_tick_cancels_all_of_it(
    own_database: Pricing, database: str, threads: ThreadPoolExecutor
) -> None:
    pid = own_database.value("select pg_backend_pid()")
    sleeps = "select from pg_stat_activity where pid = %s and wait_event = 'PgSleep'"
    with (
        broken(own_database, "perform pg_sleep(60)"),
        psycopg.connect(database, autocommit=True) as person,
    ):
        own_database.do("set statement_timeout = '5min'")
        ticking = threads.submit(tick, own_database, "pg_cron")
        wait_until(lambda: person.execute(sleeps, [pid]).fetchall(), what="the tick enqueues")
        person.execute("select pg_cancel_backend(%s)", [pid])
        with pytest.raises(psycopg.errors.QueryCanceled):
            ticking.result(60)


def test_failing_to_prune_keeps_nothing_from_being_enqueued(own_database: Pricing) -> None:
    pricing = own_database
    old_job(pricing)
    with broken(pricing, "if tg_op = 'DELETE' then raise 'somebody points at it'; end if"):
        assert tick(pricing) == 2
        assert heartbeat(pricing)["last_error"] == "Pruning failed: somebody points at it"
        slots_come_again(pricing)
        assert tick(pricing) == 2
    # The next ticks neither retry it nor clear the error.
    assert heartbeat(pricing)["last_error"] == "Pruning failed: somebody points at it"
    pricing.do("update public.pricing_scheduler_ticks set last_pruned_at = '2001-01-01'")
    tick(pricing)
    assert heartbeat(pricing)["last_error"] is None
    assert old_jobs(pricing) == 0


def test_a_pruning_that_is_cut_short_costs_neither_heartbeat_nor_slots(
    own_database: Pricing,
) -> None:
    pricing = compiled(own_database)
    old_job(pricing)
    with broken(pricing, "if tg_op = 'DELETE' then perform pg_sleep(20); end if"):
        pricing.do("set statement_timeout = '2s'")
        tick(pricing)
        pricing.do("reset statement_timeout")
    assert old_jobs(pricing) == 1
    assert heartbeat(pricing)["is_new"]
    assert open_syncs(pricing) == ["deepinfra", "openrouter"]


def test_nor_does_one_that_meets_a_locked_row(pricing: Pricing, another: Another) -> None:
    old_job(pricing)
    pricing.do(
        "insert into public.pricing_sync_log (job_id, provider_slug, queue_job_id, attempt, status,"
        " triggered_by, sync_started_at, sync_completed_at)"
        " select job_id, 'openrouter', 1, 1, 'success', 'test', completed_at, completed_at"
        " from public.pricing_sync_jobs"
    )
    holder = another()
    pricing.do("set lock_timeout = '2s'")
    with holder.connection.transaction():
        holder.do("select from public.pricing_sync_log for update")
        tick(pricing)
        assert heartbeat(pricing)["is_new"]
        assert open_syncs(pricing) == ["deepinfra", "openrouter"]


def test_ticks_at_once_enqueue_each_slot_once(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    callers = [(another(), scheduler) for scheduler in ("worker", "pg_cron") * 2]
    barrier = Barrier(len(callers))

    def call(caller: tuple[Pricing, str]) -> int:
        barrier.wait(60)
        return tick(*caller)

    for _ in range(50):
        slots_come_again(pricing)
        pricing.do("delete from public.pricing_scheduler_ticks")
        assert sum(threads.map(call, callers)) == 2
        rows = pricing.rows("select args ->> 'provider' as p from procrastinate.procrastinate_jobs")
        assert Counter(row["p"] for row in rows) == {"openrouter": 1, "deepinfra": 1}


@pytest.mark.parametrize("scheduler", ["worker", "pg_cron"])
def test_a_tick_does_not_wait_for_another(
    pricing: Pricing, another: Another, scheduler: str
) -> None:
    slow, other = another(), "pg_cron" if scheduler == "worker" else "worker"
    pricing.do("set lock_timeout = '2s'")
    with slow.connection.transaction():
        assert tick(slow, scheduler) == 2
        assert tick(pricing, scheduler) == 0
        assert pricing.rows("select * from public.pricing_scheduler_ticks") == []
        # The other scheduler still writes its heartbeat.
        assert tick(pricing, other) == 0
        assert heartbeat(pricing, other)["is_new"]
    assert heartbeat(pricing, scheduler)["is_new"]


def test_a_tick_that_was_left_open_keeps_no_other_slot_waiting(
    pricing: Pricing, another: Another
) -> None:
    later = "update public.pricing_providers set next_sync_at = now() + %s where slug = 'deepinfra'"
    pricing.do(later, timedelta(hours=1))
    left_open = another()
    with left_open.connection.transaction():
        assert tick(left_open) == 1
        pricing.do(later, timedelta(0))
        assert tick(pricing) == 1
        assert open_syncs(pricing) == ["deepinfra"]
    with left_open.connection.transaction():
        left_open.do("update public.pricing_scheduler_ticks set last_error = 'a note'")
        assert tick(pricing) == 0


@pytest.mark.parametrize("scheduler", ["worker", "pg_cron"])
@pytest.mark.parametrize(
    "locked",
    [
        "update public.pricing_providers set name = 'x' where slug = 'openrouter'",
        "select public.enqueue_due_pricing_syncs()",
    ],
)
def test_a_locked_slot_is_reported_with_its_session(
    pricing: Pricing, another: Another, locked: str, scheduler: str
) -> None:
    later = "update public.pricing_providers set next_sync_at = now() + %s where slug = 'deepinfra'"
    pricing.do(later, timedelta(hours=1))
    person = another()
    # Its text must not pass for what an earlier tick recorded.
    person.do("set application_name = 'their editor; Pruning failed: never'")
    with person.connection.transaction():
        person.do(locked)
        pricing.do(later, timedelta(0))
        assert tick(pricing, scheduler) == 1
        for _ in range(2):
            told = heartbeat(pricing, scheduler)["last_error"]
            assert told.startswith("Not enqueued: the row of ")
            assert f"openrouter is locked by pid {person.backend} (" in told
            assert told.count("their editor") == 1
            assert tick(pricing, scheduler) == 0
        assert open_syncs(pricing) == ["deepinfra"]
    tick(pricing, scheduler)
    assert heartbeat(pricing, scheduler)["last_error"] is None
    assert "openrouter" in open_syncs(pricing)


def test_a_session_that_locks_many_is_named_once(pricing: Pricing, another: Another) -> None:
    person = another()
    with person.connection.transaction():
        person.do("select from public.pricing_providers for update")
        assert tick(pricing) == 0
    told = heartbeat(pricing)["last_error"]
    assert told.startswith(
        "Not enqueued: the row of catalogue, deepinfra, openrouter is locked by "
    )
    assert told.count(" is locked by ") == 1


def test_a_locked_table_is_told_with_its_holder(pricing: Pricing, another: Another) -> None:
    person = another()
    with person.connection.transaction():
        person.do("lock table public.pricing_providers in access exclusive mode")
        assert tick(pricing) == 0
        told = heartbeat(pricing)["last_error"]
    assert f"the table pricing_providers is locked by pid {person.backend}" in told


@pytest.mark.parametrize("scheduler", [None, "", "cron", "PG_CRON"])
def test_who_is_no_scheduler_is_refused(pricing: Pricing, scheduler: str | None) -> None:
    with pricing.nothing_written(), refused("PT422"):
        pricing.do("select public.tick_pricing_schedule(%s)", scheduler)


def test_a_pruning_in_the_future_is_none(pricing: Pricing) -> None:
    """It must not postpone the next pruning after the clock was set back."""
    tick(pricing)
    old_job(pricing)
    pricing.do(
        "update public.pricing_scheduler_ticks set last_pruned_at = now() + interval '1 day'"
    )
    tick(pricing)
    assert old_jobs(pricing) == 0


# Expired overrides.


def expired_override(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5)
    pricing.do("update public.pricing_overrides set expires_at = clock_timestamp()")


@pytest.mark.parametrize("scheduler", ["worker", "pg_cron"])
@pytest.mark.parametrize("switched", ["on", "off"])
def test_expired_overrides_end(pricing: Pricing, scheduler: str, switched: str) -> None:
    """Also with the schedule off."""
    pricing.do("update public.pricing_settings set scheduler_enabled = %s::boolean", switched)
    expired_override(pricing)
    tick(pricing, scheduler)
    assert charged(pricing) == prices(1, 2)


def test_a_worker_ends_them_while_pg_cron_ticks(pricing: Pricing) -> None:
    silent_for(pricing, "pg_cron", "5 seconds")
    expired_override(pricing)
    assert tick(pricing) == 0
    assert charged(pricing) == prices(1, 2)


def test_failing_to_end_them_keeps_nothing_from_being_enqueued(own_database: Pricing) -> None:
    pricing = own_database
    expired_override(pricing)
    pricing.do(
        "create or replace function public.end_expired_overrides() returns integer"
        " language plpgsql as $$ begin raise 'somebody has broken it'; end $$"
    )
    assert tick(pricing) == 2
    assert heartbeat(pricing)["last_error"] == "Ending overrides failed: somebody has broken it"


def test_failing_to_apply_announced_prices_keeps_what_else_failed_as_it_was(
    own_database: Pricing,
) -> None:
    pricing = own_database
    old_job(pricing)
    with broken(pricing, "if tg_op = 'DELETE' then raise 'a trigger refuses it'; end if"):
        assert tick(pricing) == 2
    pricing.do(
        "create or replace function public.apply_announced_prices(p_providers text[] default null)"
        " returns integer language plpgsql as $$ begin raise 'it was replaced'; end $$"
    )
    for _ in range(3):
        slots_come_again(pricing)
        assert tick(pricing) == 2
        assert heartbeat(pricing)["last_error"] == (
            "Pruning failed: a trigger refuses it; Announced prices failed: it was replaced"
        )


def test_a_sync_that_writes_is_not_waited_for(pricing: Pricing, another: Another) -> None:
    expired_override(pricing)
    sync = another()
    pricing.do("set lock_timeout = '2s'")
    with sync.connection.transaction():
        sync.rows("select public.lock_provider_prices('{openrouter}')")
        assert tick(pricing) == 2
        assert heartbeat(pricing)["last_error"] is None
    open_ones = "select count(*) from public.pricing_overrides where ended_at is null"
    assert pricing.value(open_ones) == 1
    tick(pricing)
    assert pricing.value(open_ones) == 0
    assert charged(pricing) == prices(1, 2)
