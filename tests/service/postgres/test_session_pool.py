"""A web process and a worker work with the four connections of a session pooler."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from service.engine.connector import PricingConnector
from service.web.database.web_database import WebDatabase
from tests.service.conftest import through
from tests.service.web.running import TRIGGER, settings_for
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, ROOT, Processes, answers
from tests.support.provider_server import ProviderServer
from tests.support.syncing import Queue
from tests.support.waiting import wait_until


@pytest.fixture
def pool_size() -> int:
    return 4


@pytest.mark.parametrize("pool_mode", ["session"])
def test_both_live_and_a_sync_completes(
    pooler: int,
    database: str,
    processes: Processes,
    queue: Queue,
    providers: ProviderServer,
) -> None:
    providers.fill("openrouter", 3)
    port = free_port()
    variables = {
        "DATABASE_URL": through(pooler, database),
        "PRICING_PORT": str(port),
        "PRICING_WEB_CONNECTIONS": "2",
        "PRICING_WORKER_CONNECTIONS": "2",
    }
    worker = processes.service("worker", may_fail=False, cwd=ROOT, **variables)
    processes.service("serve", may_fail=False, cwd=ROOT, **variables)
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{url}/health/ready"), 60, "the web process is up")
    worker.wait_for_output("PRICING_WORKER_CONNECTIONS leaves none for LISTEN")
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=40) as client:
        triggered = client.post(TRIGGER, json={"providers": ["openrouter"]})
        assert triggered.status_code == 202, triggered.text

        def ended() -> bool:
            answer = client.get(triggered.json()["poll_url"], params={"wait": 5})
            assert answer.status_code == 200, answer.text
            return bool(answer.json()["finished"])

        wait_until(ended, 60, "the sync ends")
        assert queue.job(triggered.json()["job_id"])["outcome"] == "success"
        together = "select count(*) as n from pg_stat_activity where datname = current_database()"
        assert queue.row(together + " and pid <> pg_backend_pid()")["n"] <= 4
        doctor = processes.service("doctor", DATABASE_URL=variables["DATABASE_URL"])
        assert doctor.wait(60) == 1
        assert "as of a pooler that has no connection free" in doctor.output
        assert client.get("/health/ready").status_code == 200


# Counts the sessions of this name while the statement runs, which is as long as the other
# statements need to begin.
TOGETHER = (
    "select (select count(*) from pg_stat_activity where datname = current_database()"
    " and application_name = '{}') as n from pg_sleep(0.5)"
)


@pytest.mark.anyio
async def test_their_settings_bound_them(
    database: str, clean_environment: pytest.MonkeyPatch
) -> None:
    settings = settings_for(database, PRICING_WEB_CONNECTIONS="3")
    web = WebDatabase.from_settings(settings)
    query = TOGETHER.format("pricing-sync web")
    answers = await asyncio.gather(*(web.rows(query) for _ in range(6)))
    await web.close()
    # One more connection is for LISTEN.
    assert max(row["n"] for (row,) in answers) == 2

    clean_environment.setenv("DATABASE_URL", database)
    clean_environment.setenv("PRICING_WORKER_CONNECTIONS", "4")
    worker = PricingConnector()
    await worker.open_async()
    query = TOGETHER.format("pricing-sync worker")
    asked = await asyncio.gather(*(worker.execute_query_one_async(query) for _ in range(6)))
    await worker.close_async()
    # One more connection is for LISTEN, and one for a heartbeat.
    assert max(row["n"] for row in asked) == 2
