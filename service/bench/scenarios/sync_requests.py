"""Sync requests over HTTP, beside the same database function called by pgbench."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterator

from psycopg.conninfo import conninfo_to_dict

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.http_load import http_load, http_request
from service.bench.ground.installation import Installation
from service.bench.ground.our_processes import ADMIN_KEY
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario
from service.bench.turns import in_turn
from service.embedded.program import PIPE, Program
from service.errors import BenchFailed

PATH = "/admin/pricing/scheduler/trigger"
SCRIPT = """\
select job.job_id, job.status, job.triggered_by, job.triggered_at
from public.trigger_pricing_sync(array['openrouter'], 'bench') as job;
"""
SECONDS = 4
# Opening 64 connections takes seconds of it.
PGBENCH_SECONDS = 10
LATENCY = re.compile(rb"latency average = ([0-9.]+) ms")


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    body = json.dumps({"providers": ["openrouter"]}).encode()
    request = http_request(PATH, method="POST", key=ADMIN_KEY, body=body)
    with ground.installation() as installed:
        installed.execute("update pricing_providers set enabled = true where slug = 'openrouter'")
        with installed.web() as (web, _):
            for name, clients in (("one", 1), ("64", 64)):

                def ours(clients: int = clients) -> float:
                    return statistics.mean(http_load(web.port, request, clients, SECONDS))

                def peer(clients: int = clients) -> float:
                    return _pgbench(installed, clients)

                ours()
                taken = in_turn(rounds, {"ours": ours, "peer": peer})
                yield Measurement(
                    f"trigger.{name}",
                    f"mean of each round of {SECONDS} s, {clients} clients",
                    "ms",
                    taken["ours"],
                    "trigger_pricing_sync by pgbench",
                    taken["peer"],
                )


def _pgbench(installed: Installation, clients: int) -> float:
    """The mean latency that pgbench prints, in milliseconds."""
    program = installed.server.programs / "pgbench"
    if not program.exists():
        raise BenchFailed("The installed server has no pgbench.")
    script = installed.processes.directory / "trigger.sql"
    script.write_text(SCRIPT)
    address = conninfo_to_dict(installed.url)
    environment = {
        "PGHOST": str(address["host"]),
        "PGPORT": str(address["port"]),
        "PGUSER": str(address["user"]),
        "PGPASSWORD": str(address["password"]),
    }
    options = [
        "-n",
        "-M",
        "prepared",
        "-c",
        str(clients),
        "-T",
        str(PGBENCH_SECONDS),
        "-f",
        str(script),
    ]
    with Program(
        program, *options, str(address["dbname"]), environment=environment, output=PIPE
    ) as pgbench:
        printed, _ = pgbench.communicate()
    found = LATENCY.search(printed)
    if found is None:
        raise BenchFailed("pgbench failed: " + printed.decode(errors="replace")[-300:])
    return float(found[1])


SCENARIO = Scenario(
    "trigger",
    "sync requests by 1 and 64 clients",
    "the same function by pgbench",
    measure,
    6,
    3,
    80,
)
