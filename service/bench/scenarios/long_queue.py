"""Fetch and clean-up with 10,000 waiting syncs behind 50 running ones, beside an empty queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.installation import Installation
from service.bench.ground.loaded_queue import PROVIDERS, load_jobs
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario
from service.bench.turns import in_turn, milliseconds

WAITING = 10_000
REGISTER = "select worker_id as id from procrastinate.procrastinate_register_worker_v1()"
# Loading takes longer than the lease, and no worker may count as lost.
ALIVE = "update procrastinate.procrastinate_workers set last_heartbeat = now() + interval '1 hour'"
CALLS = {
    "fetch": "select * from fetch_queue_rows(null, %s, 4)",
    "engine": "select * from procrastinate.procrastinate_fetch_job_v2(null, %s)",
    "clean-up": "select *, %s from cleanup_stuck_pricing_syncs()",
}


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    with ground.installation() as installed, ground.installation() as empty:
        load_jobs(installed.connection, PROVIDERS, "doing", _worker(installed))
        load_jobs(installed.connection, WAITING, "todo")
        # What it finds to do with loaded rows it does once.
        installed.execute("select * from cleanup_stuck_pricing_syncs()")
        for call, query in CALLS.items():
            works: dict[str, Callable[[], float]] = {
                "full": partial(_undone, installed, query, _worker(installed)),
                "empty": partial(_undone, empty, query, _worker(empty)),
            }
            taken = in_turn(rounds, works)
            what = "the engine's own fetch" if call == "engine" else call
            yield Measurement(
                f"queue.{call}", f"{what}, {WAITING:,} waiting behind {PROVIDERS} running", "ms",
                taken["full"], "the same with an empty queue", taken["empty"],
            )  # fmt: skip


def _worker(installed: Installation) -> int:
    worker = int(installed.row(REGISTER)["id"])
    installed.execute(ALIVE)
    return worker


def _undone(installed: Installation, query: str, worker: int) -> float:
    with installed.connection.transaction(force_rollback=True):
        return milliseconds(lambda: installed.execute(query, worker))


SCENARIO = Scenario("queue", "a long queue", "an empty queue", measure, 50, 15, 150)
