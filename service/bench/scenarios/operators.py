"""The eight scenarios that operators of the older system ran against a deployment."""

from __future__ import annotations

import time
from collections.abc import Iterator

from service.bench.deployment.deployment_client import Deployment
from service.bench.deployment.over_http import measure_over_http
from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.http_load import http_load, http_request
from service.bench.ground.installation import Installation
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import price_list
from service.bench.ground.our_processes import ADMIN_KEY, OurProcess
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario

MODELS = 400
SETTLE_SECONDS = 5
CONNECTIONS = """
select count(*) as total, count(*) filter (where state <> 'idle') as active
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
QUERY_TIME = """
select coalesce(sum(total_exec_time) / nullif(sum(calls), 0), 0) as mean,
    coalesce(max(mean_exec_time), 0) as slowest
from statements.pg_stat_statements s join pg_database d on d.oid = s.dbid
where d.datname = current_database()
    and s.userid in ('pricing_worker'::regrole, 'pricing_web'::regrole)
"""
# A list that was taken for the last one without being read.
SHORT = """
select coalesce((details ->> 'not_modified')::boolean, false) as is_short
from pricing_sync_log order by id desc limit 1
"""
TEMPORARY = "select temp_files as n from pg_stat_database where datname = current_database()"


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    """``rounds``: hundreds of syncs in which a leak would show."""
    with ground.installation() as installed:
        installed.point("openrouter", Answer(price_list(MODELS), etag=True))
        worker = installed.worker()
        installed.execute("update pricing_providers set enabled = slug = 'openrouter'")
        with installed.web() as (web, _):
            time.sleep(SETTLE_SECONDS)
            yield _connections(installed, "operators.1-connections", "1: connections at rest")
            installed.forget_statements()
            yield from _over_http(installed, web)
            yield _connections(
                installed, "operators.3-active", "3: active connections after a sync", "active"
            )
            query = installed.row(QUERY_TIME)
            yield Measurement(
                "operators.4-query", "4: mean time of a database query", "ms",
                (float(query["mean"]),),
                note=f"the slowest statement's mean is {float(query['slowest']):.1f} ms",
            )  # fmt: skip
            yield from _unchanged(installed)
            yield from _no_leak(installed, worker, web, rounds * 100)


def _over_http(installed: Installation, web: OurProcess) -> Iterator[Measurement]:
    url = f"http://127.0.0.1:{web.port}"
    with Deployment.at(url, ADMIN_KEY, is_dry=False) as deployment:
        yield from measure_over_http(deployment, deployment.smallest_provider())
    request = http_request("/admin/pricing/models?limit=100", key=ADMIN_KEY)
    http_load(web.port, request, 8, 0.5)


def _connections(
    installed: Installation, name: str, what: str, column: str = "total"
) -> Measurement:
    return Measurement(name, what, "", (float(installed.row(CONNECTIONS)[column]),))


def _unchanged(installed: Installation) -> Iterator[Measurement]:
    """Of the syncs whose list is as it was, those that did not read it anew.

    Half of the provider's answers are 304, and half the same body once more.
    """
    body, syncs, short = price_list(MODELS), 20, 0
    installed.lists.not_modified = 0
    whole = installed.sync("openrouter")
    for number in range(syncs):
        installed.lists.answers["openrouter"] = Answer(body, etag=number % 2 == 0)
        before = installed.lists.not_modified
        installed.sync("openrouter")
        short += installed.lists.not_modified > before or bool(installed.row(SHORT)["is_short"])
    installed.lists.answers["openrouter"] = Answer(body, etag=True)
    yield Measurement(
        "operators.5-cache", "5: unchanged bodies answered by 304 or by digest", "%",
        (short / syncs * 100,), note=f"one such sync takes {whole:.0f} ms",
    )  # fmt: skip


def _no_leak(
    installed: Installation, worker: OurProcess, web: OurProcess, syncs: int
) -> Iterator[Measurement]:
    def run(number: int) -> None:
        installed.wait_for(*[installed.trigger("openrouter") for _ in range(number)])

    # What a process loads with its first syncs is no leak.
    run(100)
    memory = worker.memory_mb() + web.memory_mb()
    connections = int(installed.row(CONNECTIONS)["total"])
    files = int(installed.row(TEMPORARY)["n"])
    for _ in range(syncs // 100):
        run(100)
    grown = worker.memory_mb() + web.memory_mb() - memory
    more = int(installed.row(CONNECTIONS)["total"]) - connections
    what = f"8: after {syncs} syncs more"
    yield Measurement(
        "operators.8-memory", f"{what}, memory of web process and worker", "MB", (grown,)
    )
    yield Measurement("operators.8-connections", f"{what}, connections", "", (float(more),))
    files = int(installed.row(TEMPORARY)["n"]) - files
    yield Measurement("operators.8-files", f"{what}, temporary files", "", (float(files),))


SCENARIO = Scenario(
    "operators", "the eight scenarios of operators of the older system", "", measure, 10, 2, 5
)
