"""Measure how long a trigger's response takes, and how soon a sync starts after a trigger or a
released lock.

The client measures the response; the others are measured by the database's clock, from the rows
that the system writes. The engine without our subclasses and triggers runs in the same minute as
the baseline.

``python -m tests.bench.latency``
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psycopg
from procrastinate import App, PsycopgConnector
from psycopg.rows import dict_row

from service.migrations.migrate import migrate
from tests.bench.figures import print_figures
from tests.support.postgres import free_port, running_cluster
from tests.support.processes import ADMIN_KEY, Processes, answers
from tests.support.provider_server import Answer, running_provider_server
from tests.support.syncing import Queue
from tests.support.waiting import wait_until

TRIGGER = "/admin/pricing/scheduler/trigger"

PICKUP = """
select extract(epoch from sync_started_at - queued_at) * 1000 as ms
from pricing_sync_log where job_id = any (%s::uuid[]) and attempt = 1
"""
HANDOVER = """
select extract(epoch from sync_started_at - lag(sync_completed_at) over (order by id)) * 1000 as ms
from pricing_sync_log where job_id = any (%s::uuid[]) and attempt = 1
"""
STOCK_HANDOVER = """
select extract(epoch from started - lag(ended) over (order by started)) * 1000 as ms
from (
    select min(at) filter (where type = 'started') as started,
        max(at) filter (where type = 'succeeded') as ended
    from procrastinate.procrastinate_events e
    join procrastinate.procrastinate_jobs j on j.id = e.job_id
    where j.task_name = 'stock'
    group by job_id
) as runs
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triggers", type=int, default=300)
    parser.add_argument("--pickups", type=int, default=200)
    parser.add_argument("--handovers", type=int, default=300)
    parser.add_argument("--stock-handovers", type=int, default=5)
    arguments = parser.parse_args()
    with _installation() as (queue, processes, url):
        print_figures("POST trigger, answered", _answer_times(processes, arguments.triggers))
        queue.connection.execute(
            "truncate pricing_sync_jobs, procrastinate.procrastinate_jobs cascade"
        )
        workers = [processes.procrastinate("worker", "--concurrency", "4") for _ in range(2)]
        wait_until(lambda: queue.workers() == len(workers), 30, "the workers register")
        queue.wait_for_end(queue.trigger("openrouter"))
        pickups: list[str] = []
        for _ in range(arguments.pickups):
            pickups.append(queue.trigger("openrouter"))
            queue.wait_for_end(pickups[-1])
        print_figures("trigger to in_progress", _figures(queue, PICKUP, pickups))

        handovers = [queue.trigger("openrouter") for _ in range(arguments.handovers + 1)]
        queue.wait_for_end(handovers[-1], timeout=300)
        ours = _figures(queue, HANDOVER, handovers)
        print_figures("lock released to next start, 2 x 4", ours)
        for worker in workers:
            worker.stop()

        asyncio.run(_run_stock(url, arguments.stock_handovers + 1))
        stock = [float(row["ms"]) for row in queue.rows(STOCK_HANDOVER) if row["ms"] is not None]
        print_figures("the same, engine alone", stock)
        ratio = statistics.median(stock) / statistics.median(ours)
        print(f"ratio of the medians, engine alone / ours: {ratio:,.0f}")


@contextmanager
def _installation() -> Iterator[tuple[Queue, Processes, str]]:
    with (
        running_cluster() as cluster,
        cluster.database() as name,
        running_provider_server() as providers,
        tempfile.TemporaryDirectory() as directory,
    ):
        url = cluster.url_of(name)
        migrate(url)
        providers.fill("openrouter", 3)
        providers.answer("openrouter", Answer(delay=0.02))
        processes = Processes(Path(directory), {"DATABASE_URL": url})
        processes.interpreters = True
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            connection.execute("update pricing_settings set scheduler_enabled = false")
            connection.execute(
                "update pricing_providers set base_url = %s where slug = 'openrouter'",
                [providers.base_url("openrouter")],
            )
            try:
                yield Queue(connection), processes, url
            finally:
                processes.end()


def _answer_times(processes: Processes, triggers: int) -> list[float]:
    """Milliseconds for each of many triggers over one connection, with no worker running."""
    port = free_port()
    web = processes.service("serve", "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{url}/health"), 30, "the web process answers")
    times = []
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {ADMIN_KEY}"}) as client:
        for _ in range(triggers):
            started = time.perf_counter()
            answer = client.post(TRIGGER, json={"providers": ["openrouter"]})
            times.append((time.perf_counter() - started) * 1000)
            assert answer.status_code == 202, answer.text
    web.stop()
    return times


async def _run_stock(url: str, jobs: int) -> None:
    options = "-c search_path=procrastinate,public"
    app = App(connector=PsycopgConnector(conninfo=url, kwargs={"options": options}))

    @app.task(name="stock", queue="stock", lock="stock")
    async def stock() -> None:
        await asyncio.sleep(0.02)

    async with app.open_async():
        for _ in range(jobs):
            await stock.defer_async()
        await _work_until_done(app, jobs)


async def _work_until_done(app: App, jobs: int) -> None:
    worker = asyncio.create_task(
        app.run_worker_async(queues=["stock"], concurrency=4, install_signal_handlers=False)
    )
    while True:
        rows = list(await app.job_manager.list_jobs_async(task="stock", status="succeeded"))
        if len(rows) == jobs:
            break
        await asyncio.sleep(0.2)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


def _figures(queue: Queue, query: str, jobs: list[str]) -> list[float]:
    return [float(row["ms"]) for row in queue.rows(query, jobs) if row["ms"] is not None]


if __name__ == "__main__":
    main()
