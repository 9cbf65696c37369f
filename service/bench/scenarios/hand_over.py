"""How soon the next sync of a provider starts after the last one has ended, with two workers."""

from __future__ import annotations

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

OURS = """
select extract(epoch from sync_started_at - lag(sync_completed_at) over (order by id)) * 1000 as ms
from pricing_sync_log where job_id = any (%s::uuid[]) and attempt = 1
"""
STOCK = """
select extract(epoch from started - lag(ended) over (order by started)) * 1000
from (
    select min(at) filter (where type = 'started') as started,
        max(at) filter (where type = 'succeeded') as ended
    from procrastinate_events group by job_id
) as runs
"""
LEFT = "select count(*) from procrastinate_jobs where status <> 'succeeded'"
LOCKED = """
insert into procrastinate_jobs (queue_name, task_name, lock, args)
select 'stock', 'stock', 'one', '{}' from generate_series(1, %s)
"""


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    """``rounds`` of stock, which takes seconds for each; ours many times more."""
    with ExitStack() as stack:
        installed = stack.enter_context(ground.installation())
        installed.point("openrouter", Answer(price_list(3), delay=0.02, etag=True))
        for _ in range(2):
            installed.worker("--concurrency", "4")
        installed.sync("openrouter")
        jobs = [installed.trigger("openrouter") for _ in range(rounds * 40)]
        installed.wait_for(*jobs)
        rows = installed.connection.execute(OURS, [jobs]).fetchall()
        ours = tuple(float(row["ms"]) for row in rows if row["ms"] is not None)

        url = stack.enter_context(ground.server.empty_database())
        Stock().open(url, stack)
        processes = stack.enter_context(running_processes(url, ground.signals))
        for _ in range(2):
            processes.start("stock", "4", module="service.bench.peers.queue_worker")
        connection = stack.enter_context(psycopg.connect(url, autocommit=True))
        connection.execute(LOCKED, [rounds + 1])
        until(lambda: connection.execute(LEFT).fetchone() == (0,), "the jobs end", 300)
        stock = tuple(float(each[0]) for each in connection.execute(STOCK) if each[0] is not None)
    yield Measurement(
        "hand-over.p99", "lock released to the next start, 2 workers of 4", "ms", ours,
        "procrastinate as it comes", stock, statistic="p99",
    )  # fmt: skip


SCENARIO = Scenario(
    "hand-over", "a provider's next sync after its last", "procrastinate as it comes", measure,
    6, 3, 110,
)  # fmt: skip
