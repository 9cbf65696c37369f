"""Syncs while another session keeps a snapshot open, so that vacuum removes no dead row."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.installation import Installation
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import price_list
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario
from service.bench.turns import milliseconds

MINUTES, QUICK_MINUTES = 30.0, 1.0
SYNCS_PER_SECOND = 20
PROVIDERS = 20
FETCH = "select id from fetch_queue_rows(null, null, 4)"
DEAD = """
select coalesce(sum(n_dead_tup), 0) as n from pg_stat_user_tables
where relname in ('procrastinate_jobs', 'pricing_sync_jobs', 'pricing_sync_log')
"""


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    seconds = (QUICK_MINUTES if ground.is_quick else MINUTES) * 60
    with ground.installation() as installed, psycopg.connect(installed.url) as holder:
        names = [f"p{number}" for number in range(PROVIDERS)]
        for name in names:
            installed.add_provider(name, Answer(price_list(3), etag=True))
        installed.worker("--concurrency", "8")
        installed.sync(*names)
        before = _fetches(installed, rounds)
        holder.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        holder.execute("select count(*) from pricing_sync_jobs")
        after, syncs = _syncs_for(installed, names, seconds, rounds)
        dead = int(installed.row(DEAD)["n"])
        holder.rollback()
    what = f"{syncs:,} syncs in {seconds / 60:g} minutes, {dead:,} dead rows"
    yield Measurement(
        "snapshot.fetch", "fetch_queue_rows at the end", "ms", after, "before the snapshot", before,
        statistic="p99", note=what,
    )  # fmt: skip
    yield Measurement(
        "snapshot.fetch-p50", "the same", "ms", after, "before the snapshot", before
    )  # fmt: skip


def _syncs_for(
    installed: Installation, names: list[str], seconds: float, rounds: int
) -> tuple[tuple[float, ...], int]:
    """Request syncs at their rate, as far as the worker keeps up; then measure fetches."""
    ends, syncs = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        due = time.monotonic() + PROVIDERS / SYNCS_PER_SECOND
        installed.wait_for(installed.trigger(*names))
        syncs += len(names)
        time.sleep(max(0.0, due - time.monotonic()))
    return _fetches(installed, rounds), syncs


def _fetches(installed: Installation, rounds: int) -> tuple[float, ...]:
    """Fetches of a queue with nothing to do, as an idle worker asks."""

    def one() -> float:
        with installed.connection.transaction(force_rollback=True):
            return milliseconds(lambda: installed.execute(FETCH))

    return tuple(one() for _ in range(rounds))


SCENARIO = Scenario(
    "snapshot", "a snapshot held open, 20 syncs a second", "", measure, 200, 100, 170,
    is_quick=False,
)  # fmt: skip
