"""Web process and worker that have nothing to do: statements, and their processors' time."""

from __future__ import annotations

import time
from collections.abc import Iterator

from service.bench.ground.bench_ground import BenchGround
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario

CALLS = """
select coalesce(sum(calls), 0) as n
from statements.pg_stat_statements s join pg_database d on d.oid = s.dbid
where d.datname = current_database()
    and s.userid in ('pricing_worker'::regrole, 'pricing_web'::regrole)
"""
SETTLE_SECONDS = 6


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    seconds = 20 if ground.is_quick else 60
    statements, shares = [], []
    with ground.installation() as installed:
        worker = installed.worker()
        with installed.web() as (web, _):
            time.sleep(SETTLE_SECONDS)
            for _ in range(rounds):
                installed.forget_statements()
                before = worker.cpu_seconds() + web.cpu_seconds()
                time.sleep(seconds)
                used = worker.cpu_seconds() + web.cpu_seconds() - before
                shares.append(used / seconds * 100)
                statements.append(float(installed.row(CALLS)["n"]) / seconds)
    what = f"web process and worker together, rounds of {seconds} s"
    yield Measurement("idle.statements", what, "/s", tuple(statements))
    yield Measurement("idle.processor", what, "%", tuple(shares))


SCENARIO = Scenario("idle", "nothing to do", "", measure, 3, 1, 180)
