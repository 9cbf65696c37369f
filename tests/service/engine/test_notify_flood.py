"""A worker goes on while a login with only CONNECT floods every channel with notifications."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import psycopg
import pytest

from tests.support.odd_payloads import CHANNELS, odd_payloads
from tests.support.postgres import Cluster, free_port
from tests.support.processes import ADMIN_KEY, Processes, answers
from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import Queue, StartWorker
from tests.support.waiting import wait_until


class Flood:
    """Floods until the block ends; ``rounds`` counts how often all payloads were sent."""

    def __init__(self, url: str, more: list[str]) -> None:
        self.rounds = 0
        self.stopped = threading.Event()
        self._url = url
        self._payloads = [*odd_payloads(), *more]

    def run(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self.stopped.is_set():
                for payload in self._payloads:
                    # Postgres itself refuses invalid text, such as a lone surrogate.
                    connection.execute(
                        "select pg_notify(channel, %s) from unnest(%s::text[]) as channel",
                        [payload, list(CHANNELS)],
                    )
                self.rounds += 1


@contextmanager
def flooding(url: str, *more: str) -> Iterator[Flood]:
    flood = Flood(url, list(more))
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(flood.run)
        try:
            wait_until(lambda: flood.rounds >= 3 or running.done(), 60, "everything is said")
            yield flood
        finally:
            flood.stopped.set()
            running.result(30)


@pytest.fixture
def stranger(migrated_cluster: Cluster, queue: Queue) -> Iterator[str]:
    """The URL of a login that may connect and nothing else."""
    with migrated_cluster.login_role(can_create_roles=False) as (user, password):
        database = queue.connection.info.dbname
        yield migrated_cluster.url_of(database, user=user, password=password)


@pytest.mark.long
def test_a_worker_goes_on_and_obeys_none_of_it(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker, stranger: str
) -> None:
    providers.fill("openrouter", 3)
    providers.fill("deepinfra", 3)
    providers.answer("openrouter", Answer(held=True))
    worker = start_worker()
    registered = queue.rows("select id from procrastinate.procrastinate_workers")
    job_id = queue.trigger("openrouter")
    attempt = queue.wait_for_status(job_id, "in_progress")
    made_up = f'{{"type": "abort_job_requested", "job_id": {attempt["queue_job_id"]}}}'
    lines = worker.output.count("\n")

    with flooding(stranger, made_up) as flood:
        # The worker takes other work, sends heartbeats, and goes on with its sync.
        assert queue.wait_for_end(queue.trigger("deepinfra"))["outcome"] == "success"
        beat = "select last_heartbeat from procrastinate.procrastinate_workers"
        before = queue.row(beat)["last_heartbeat"]
        wait_until(lambda: queue.row(beat)["last_heartbeat"] > before, 60, "a heartbeat")
        rounds = flood.rounds
        wait_until(lambda: flood.rounds > rounds + 2, 60, "it is still being flooded")
        assert [each["status"] for each in queue.attempts(job_id)] == ["in_progress"]
        # The worker obeys a real abort during the flood: the engine's own leaves the end to it.
        abort = "select procrastinate.procrastinate_cancel_job_v1(%s, true, false)"
        queue.rows(abort, attempt["queue_job_id"])
        assert queue.wait_for_end(job_id, 30)["outcome"] == "cancelled"

    providers.release()
    assert queue.wait_for_end(queue.trigger("openrouter"))["outcome"] == "success"
    assert queue.rows("select id from procrastinate.procrastinate_workers") == registered
    assert "started again" not in worker.output
    # The log has the syncs only, and none of the payloads.
    assert worker.output.count("\n") - lines < 40, worker.output
    assert "forged line" not in worker.output


def test_the_web_process_goes_on_and_still_wakes_who_waits(
    queue: Queue, processes: Processes, stranger: str
) -> None:
    port = free_port()
    web = processes.service("serve", "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{url}/health"), 60, "the web process answers")
    job_id = queue.trigger("openrouter")
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    with ThreadPoolExecutor(1) as threads:
        with flooding(stranger):
            waiting = threads.submit(
                httpx2.get,
                f"{url}/admin/pricing/sync/{job_id}?wait=30",
                headers=headers,
                timeout=60,
            )
            queue.rows("select cancel_pricing_sync(%s)", job_id)
            assert waiting.result(60).json()["status"] == "cancelled"
        assert (
            httpx2.get(f"{url}/health/ready", headers=headers, timeout=30).json()["status"]
            is not None
        )
    assert web.is_running
    assert "forged line" not in web.output and web.output.count("\n") < 20, web.output
