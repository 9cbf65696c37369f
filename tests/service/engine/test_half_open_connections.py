"""Half-open connections: the network acknowledges everything and answers nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.engine.conftest import Installation
from tests.support.provider_server import Answer
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

RUNNING = "select count(*) from procrastinate.procrastinate_jobs where status = 'doing'"


@pytest.fixture
def proxy(installation: Installation) -> Iterator[TcpProxy]:
    with TcpProxy("127.0.0.1", installation.server.port) as proxy:
        yield proxy
        # End the processes before the proxy: a worker stops in order only with its database.
        installation.processes.end()


def test_a_worker_whose_connections_are_all_dead_makes_new_ones(
    installation: Installation, proxy: TcpProxy
) -> None:
    worker = installation.processes.start(
        "tests.service.engine.impatient",
        "service",
        may_fail=True,
        DATABASE_URL=proxy.url_of(installation.server.url()),
    )
    wait_until(lambda: installation.queue.workers() == 1, 60, "it registers")
    installation.wait_for_pickups_at_once()
    proxy.freeze()
    proxy.thaw()
    job_id = installation.queue.trigger("openrouter")
    assert installation.queue.wait_for_end(job_id, timeout=60)["outcome"] == "success"
    installation.wait_for_pickups_at_once()
    assert worker.is_running


@pytest.mark.long
def test_a_sync_goes_on_while_the_heartbeat_finds_new_connections(
    installation: Installation, proxy: TcpProxy
) -> None:
    """The attempt is kept: the heartbeat gives its connection up long before the lease ends."""
    installation.providers.answer("openrouter", Answer(delay=8), Answer())
    installation.start_worker(DATABASE_URL=proxy.url_of(installation.server.url()))
    job_id = installation.queue.trigger("openrouter")
    installation.queue.wait_for_status(job_id, "in_progress")
    proxy.freeze()
    proxy.thaw()
    job = installation.queue.wait_for_end(job_id, timeout=40)
    assert job["outcome"] == "success"
    assert "worker_lost" not in {a["error_kind"] for a in installation.queue.attempts(job_id)}


@pytest.mark.long
@pytest.mark.parametrize("when", ["while it waits", "while it asks for work"])
def test_a_network_that_answers_nothing_does_not_delay_a_stop(
    installation: Installation, proxy: TcpProxy, when: str
) -> None:
    installation.providers.answer("openrouter", Answer(hang=True))
    worker = installation.start_worker(DATABASE_URL=proxy.url_of(installation.server.url()))
    job_id = installation.queue.trigger("openrouter")
    wait_until(lambda: installation.providers.requests("openrouter"), 30, "it is being fetched")
    if when == "while it asks for work":
        # The engine counts the time of running syncs from this response on.
        proxy.freeze_at(b"fetch_queue_rows")
        installation.queue.trigger("deepinfra")
        wait_until(lambda: proxy.frozen_clients, 30, "it asks for work")
    proxy.freeze()
    # Not zero: the worker could not requeue its sync, which waits for the end of the lease.
    assert worker.stop(timeout=10) == 1
    # A fetch that the server began before the freeze may have brought it the second sync too.
    left = installation.queue.row(RUNNING)["count"]
    assert f"Stopped before the end of {left} queue rows" in worker.output
    assert "without an orderly stop" not in worker.output
    assert installation.queue.attempts(job_id)[0]["status"] == "in_progress"
