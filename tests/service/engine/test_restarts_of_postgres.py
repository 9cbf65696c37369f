"""Workers outlive restarts of Postgres, and notifications arrive at once again."""

from __future__ import annotations

import pytest

from tests.service.engine.conftest import PROGRAMS, Installation
from tests.support.provider_server import Answer
from tests.support.waiting import wait_until


@pytest.mark.parametrize("program", PROGRAMS)
def test_listen_is_set_up_again_after_a_restart_of_postgres(
    installation: Installation, program: str
) -> None:
    worker = installation.start_worker(program)
    installation.wait_for_pickups_at_once()
    for mode in ("fast", "immediate"):
        installation.server.stop(mode)
        installation.server.start()
        installation.connect()
        installation.wait_for_pickups_at_once()
    assert worker.is_running
    assert worker.stop() == 0


def test_a_worker_outlives_an_outage_and_says_how_often_it_was_started_again(
    installation: Installation,
) -> None:
    """The engine's own worker ends with the first failed query; its command line exits with 0."""
    installation.providers.answer("openrouter", Answer(delay=3), Answer())
    worker = installation.start_worker()
    job_id = installation.queue.trigger("openrouter")
    installation.queue.wait_for_status(job_id, "in_progress")
    installation.server.stop("fast")
    # The worker's fetch has failed, so it ends; it has to requeue the sync that it runs.
    worker.wait_for_output("Retrying the end of queue row")
    installation.server.start()
    worker.wait_for_output("(restart 1)")
    queue = installation.connect()
    assert queue.wait_for_end(job_id)["outcome"] == "success"
    installation.wait_for_pickups_at_once()
    assert worker.is_running


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_worker_that_starts_before_postgres_waits_for_it(
    installation: Installation, program: str
) -> None:
    """The engine's own command line gives up after 30 s."""
    installation.server.stop("fast")
    worker = PROGRAMS[program](installation.processes, may_fail=True)
    worker.wait_for_output("Waiting. No database")
    installation.server.start()
    installation.connect()
    installation.wait_for_pickups_at_once()
    assert worker.is_running


def test_all_sessions_ended_as_in_a_failover(installation: Installation) -> None:
    worker = installation.start_worker()
    installation.wait_for_pickups_at_once()
    # All must be idle: after an interrupted fetch it is unknown whether the fetch took a row, and
    # the worker rightly restarts.
    end_all = """
        with session as materialized (
            select pid, state from pg_stat_activity where application_name = 'pricing-sync worker'
        )
        select pg_terminate_backend(pid) from session
        where not exists (select from session where state <> 'idle')
    """
    wait_until(lambda: installation.queue.rows(end_all), what="a moment without a statement")
    installation.wait_for_pickups_at_once()
    assert worker.is_running
    assert "(restart" not in worker.output
