"""A worker whose handlers say when they were entered.

``python -m service.bench.peers.queue_worker ours|stock|pgqueuer|oban CONCURRENCY`` with
DATABASE_URL and, for the time, BENCH_PORT in the environment.
"""

from __future__ import annotations

import asyncio
import os
import sys
from importlib import import_module
from typing import Any

from service.bench.peers.handler_entry import entered, oban_job


async def run_ours(url: str, concurrency: int) -> None:
    """Our worker as it is; only its handler is wrapped."""
    worker: Any = import_module("service.worker")
    run = worker.run_provider_sync

    async def timed(*arguments: Any) -> None:
        entered()
        await run(*arguments)

    worker.run_provider_sync = timed
    async with worker.app.open_async():
        await worker.app.run_worker_async(concurrency=concurrency)


async def run_stock(url: str, concurrency: int) -> None:
    app = stock_app(url)
    async with app.open_async():
        await app.run_worker_async(queues=["stock"], concurrency=concurrency)


def stock_app(url: str) -> Any:
    """procrastinate as it comes, with a task that does nothing."""
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo=url))

    @app.task(name="stock", queue="stock")
    async def stock() -> None:
        entered()

    return app


async def run_pgqueuer(url: str, concurrency: int) -> None:
    asyncpg: Any = import_module("asyncpg")
    pgqueuer: Any = import_module("pgqueuer")
    queue = pgqueuer.PgQueuer.from_asyncpg_connection(await asyncpg.connect(url))

    async def noop(job: object) -> None:
        entered()

    queue.entrypoint("noop")(noop)
    await queue.run(batch_size=concurrency)


async def run_oban(url: str, concurrency: int) -> None:
    oban: Any = import_module("oban")
    oban_job()
    pool = await oban.Oban.create_pool(url)
    async with oban.Oban(pool=pool, queues={"default": concurrency}):
        await asyncio.Event().wait()


RUNS = {"ours": run_ours, "stock": run_stock, "pgqueuer": run_pgqueuer, "oban": run_oban}


if __name__ == "__main__":
    asyncio.run(RUNS[sys.argv[1]](os.environ["DATABASE_URL"], int(sys.argv[2])))
