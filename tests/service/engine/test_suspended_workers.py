"""A worker that was suspended for longer than the lease continues too late and changes nothing."""

from __future__ import annotations

import signal
from pathlib import Path

import psycopg
import pytest

from tests.service.engine.conftest import PROGRAMS, Installation
from tests.support.processes import Process
from tests.support.provider_server import Answer
from tests.support.waiting import wait_until

QUICK = "update pricing_settings set heartbeat_interval = '1 second', lease = '3 seconds'"

PRUNE = "select public.prune_pricing_workers(3)"


@pytest.fixture
def quick(installation: Installation) -> Installation:
    installation.queue.connection.execute(QUICK.encode())
    return installation


def _resume_and_expect_one_warning(worker: Process) -> None:
    worker.send(signal.SIGCONT)
    worker.wait_for_output("too late")


def _expect_that_the_second_attempt_stands(installation: Installation, job_id: str) -> None:
    lost, done = installation.queue.attempts(job_id)
    assert (lost["attempt"], lost["status"], lost["error_kind"]) == (1, "failed", "worker_lost")
    assert (done["attempt"], done["status"]) == (2, "success")
    assert lost["applied_at"] is None
    assert done["worker_id"] != lost["worker_id"]
    assert len(installation.queue.rows("select from model_pricing_history")) == 3
    assert installation.queue.rows("select * from pricing_sync_lock") == []


def test_while_the_provider_answers(quick: Installation) -> None:
    quick.providers.answer("openrouter", Answer(held=True), Answer())
    suspended = quick.start_worker()
    job_id = quick.queue.trigger("openrouter")
    wait_until(lambda: quick.providers.requests("openrouter"), 30, "it fetches")
    suspended.send(signal.SIGSTOP)
    quick.providers.release()
    other = quick.start_worker()
    assert quick.queue.wait_for_end(job_id)["outcome"] == "success"
    _resume_and_expect_one_warning(suspended)
    _expect_that_the_second_attempt_stands(quick, job_id)

    # The worker lives on under a new number and takes work again.
    assert other.stop() == 0
    wait_until(lambda: quick.queue.workers() == 1, 30, "it has registered again")
    assert quick.queue.wait_for_end(quick.queue.trigger("openrouter"))["outcome"] == "success"
    assert suspended.is_running
    assert suspended.output.count("too late") == 1
    assert suspended.stop() == 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_between_the_answer_and_the_prices(quick: Installation, program: str) -> None:
    """The worker is suspended while its first statement about the prices waits for a lock."""
    suspended = quick.start_worker(program)
    with psycopg.connect(quick.server.superuser_url) as holder:
        # A sync that writes this provider's prices waits for this lock.
        holder.execute("select public.lock_provider_prices(array['openrouter'])")
        job_id = quick.queue.trigger("openrouter")
        waits = "wait_event_type = 'Lock' and position('apply_provider_list' in query) > 0"
        waiting = f"select from pg_stat_activity where {waits}"
        wait_until(lambda: quick.queue.rows(waiting), 30, "it is about to write prices")
        suspended.send(signal.SIGSTOP)
        # As if the statement had not reached the server.
        quick.queue.rows(
            f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where {waits}"
        )
    quick.start_worker()
    assert quick.queue.wait_for_end(job_id)["outcome"] == "success"
    _resume_and_expect_one_warning(suspended)
    _expect_that_the_second_attempt_stands(quick, job_id)
    assert suspended.is_running
    assert suspended.output.count("too late") == 1


def test_while_a_failure_is_about_to_be_written(quick: Installation) -> None:
    quick.providers.answer("openrouter", Answer(status=404, held=True), Answer())
    suspended = quick.start_worker()
    job_id = quick.queue.trigger("openrouter")
    wait_until(lambda: quick.providers.requests("openrouter"), 30, "it fetches")
    suspended.send(signal.SIGSTOP)
    quick.providers.release()
    quick.start_worker()
    assert quick.queue.wait_for_end(job_id)["outcome"] == "success"
    _resume_and_expect_one_warning(suspended)
    _expect_that_the_second_attempt_stands(quick, job_id)
    assert suspended.is_running


def test_a_worker_that_was_pruned_while_nothing_waited_registers_again(
    quick: Installation,
) -> None:
    """The engine would notice only when it fetches a row, which would then wait for this worker."""
    suspended = quick.start_worker()
    suspended.send(signal.SIGSTOP)
    wait_until(
        lambda: quick.queue.row("select pricing_workers_alive() as n")["n"] == 0, 30, "it is silent"
    )
    quick.queue.rows(PRUNE)
    suspended.send(signal.SIGCONT)
    wait_until(lambda: quick.queue.workers() == 1, 30, "it has registered again")
    quick.wait_for_pickups_at_once()
    assert suspended.is_running


def test_a_blocked_event_loop_is_no_different(quick: Installation, tmp_path: Path) -> None:
    """Another program's task blocks the loop; our tasks parse lists in threads."""
    until = tmp_path / "enough"
    blocking = quick.processes.start(
        "tests.service.engine.blocking", may_fail=True, BLOCK_UNTIL=str(until)
    )
    wait_until(lambda: quick.queue.workers() == 1, 60, "it registers")
    quick.providers.answer("openrouter", Answer(hang=True), Answer())
    job_id = quick.queue.trigger("openrouter")
    wait_until(lambda: quick.providers.requests("openrouter"), 30, "it fetches")
    # This worker does not know the other task and does not fetch it.
    quick.processes.procrastinate("worker", "--queues", "pricing", may_fail=True)
    wait_until(lambda: quick.queue.workers() == 2, 60, "the other one registers")
    quick.queue.connection.execute(
        "insert into procrastinate.procrastinate_jobs (queue_name, task_name, args)"
        " values ('other', 'block', '{}')"
    )
    blocking.wait_for_output("blocks the event loop")

    def taken_back() -> bool:
        quick.queue.rows("select * from cleanup_stuck_pricing_syncs()")
        return len(quick.queue.attempts(job_id)) == 2

    wait_until(taken_back, 30, "it is queued again", every=0.2)
    assert quick.queue.wait_for_end(job_id)["outcome"] == "success"
    # As the next worker would do at its start.
    quick.queue.rows(PRUNE)
    until.touch()
    blocking.wait_for_output("too late")
    _expect_that_the_second_attempt_stands(quick, job_id)
    blocking.wait_for_output("older than the lease")
    wait_until(lambda: quick.queue.workers() == 2, 30, "it has registered again")
    assert blocking.is_running
