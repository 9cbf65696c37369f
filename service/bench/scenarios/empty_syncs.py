"""Syncs of lists that have not changed, by four workers, beside jobs that do nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import price_list
from service.bench.ground.our_processes import running_processes
from service.bench.ground.until import until
from service.bench.measurement import Measurement
from service.bench.peers.queue_peers import Stock
from service.bench.scenario import Scenario
from service.bench.turns import in_turn

WORKERS = 4
CONCURRENCY = 4
PROVIDERS = 32
LEFT = "select count(*) from procrastinate_jobs where status in ('todo', 'doing')"


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    syncs = 256 if ground.is_quick else 640
    with ExitStack() as stack:
        installed = stack.enter_context(ground.installation())
        installed.execute("update pricing_providers set enabled = false")
        names = [f"p{number}" for number in range(PROVIDERS)]
        for name in names:
            installed.add_provider(name, Answer(price_list(3), etag=True))
        workers = [installed.worker("--concurrency", str(CONCURRENCY)) for _ in range(WORKERS)]
        installed.sync(*names)
        installed.execute("vacuum analyze")

        def ours() -> float:
            """All syncs wait before the first begins, as on the peer's side."""
            with installed.connection.transaction():
                jobs = [installed.trigger(*names) for _ in range(syncs // PROVIDERS)]
            installed.wait_for(*jobs)
            return syncs / installed.run_ms(*jobs) * 1000

        stock = Stock()
        url = stack.enter_context(ground.server.empty_database())
        stock.open(url, stack)
        others = stack.enter_context(running_processes(url, ground.signals))
        for _ in range(WORKERS):
            module = "service.bench.peers.queue_worker"
            others.start("stock", str(CONCURRENCY), module=module)
        connection = stack.enter_context(psycopg.connect(url, autocommit=True))

        def peer() -> float:
            jobs = "insert into procrastinate_jobs (queue_name, task_name, args)"
            jobs += " select 'stock', 'stock', '{}' from generate_series(1, %s)"
            started = time.perf_counter()
            connection.execute(jobs.encode(), [syncs])
            until(lambda: connection.execute(LEFT).fetchone() == (0,), "the jobs end")
            return syncs / (time.perf_counter() - started)

        peer()
        connection.execute("vacuum analyze")
        taken = in_turn(rounds, {"ours": ours, "peer": peer})
        for worker in workers:
            worker.require_running()
    yield Measurement(
        "empty.rate",
        f"{syncs} syncs answered by 304, {WORKERS} workers of {CONCURRENCY}",
        "/s",
        taken["ours"],
        "procrastinate as it comes, jobs that do nothing",
        taken["peer"],
    )


SCENARIO = Scenario(
    "empty", "empty syncs in a second, 4 workers", "procrastinate's no-ops", measure, 6, 3, 120
)
