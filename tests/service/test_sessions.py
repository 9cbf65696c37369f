"""The worker behind a transaction-mode pooler: refused, or with a login role of its own."""

from __future__ import annotations

from tests.processes import Processes
from tests.provider_server import ProviderServer
from tests.service.conftest import through
from tests.syncing import Queue
from tests.waiting import wait_until


def test_the_owners_url_through_it_is_refused(
    pooler: int, database: str, processes: Processes
) -> None:
    worker = processes.service("worker", DATABASE_URL=through(pooler, database))
    assert worker.wait(30) != 0
    assert "Behind a transaction-mode pooler the worker needs a login role" in worker.output
    assert "PRICING_WORKER_DATABASE_URL" in worker.output


def test_with_a_login_role_it_works_by_polling_and_says_so(
    pooler: int,
    login: tuple[str, str],
    database: str,
    processes: Processes,
    queue: Queue,
    providers: ProviderServer,
) -> None:
    providers.fill("openrouter", 3)
    worker = processes.service(
        "worker", PRICING_WORKER_DATABASE_URL=through(pooler, database, login)
    )
    worker.wait_for_output("LISTEN is silent here")
    wait_until(lambda: queue.workers() == 1, 20, "the worker registers")
    job = queue.wait_for_end(queue.trigger("openrouter"), timeout=20)
    assert job["outcome"] == "success"
