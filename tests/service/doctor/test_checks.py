"""The doctor command ends in time, shows no secret and changes nothing."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from service.doctor.checks import CHECKS
from tests.db.pricing import Pricing, price
from tests.support.postgres import Cluster, free_port
from tests.support.processes import TRACEBACK, Processes, Run
from tests.support.syncing import StartWorker
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

# The doctor's questions take at most 8 s; a busy machine needs the rest to start and end a process.
# A doctor that waited for the network, at the end too, would take minutes.
LONGEST_SECONDS = 20.0


@dataclass(frozen=True)
class Examination:
    status: int
    output: str
    seconds: float

    def states(self) -> dict[str, str]:
        """The state of each check, read from the output."""
        lines = re.findall(r"^(ok|warn|fail|-) +(\S+(?: rights)?)  ", self.output, re.MULTILINE)
        return {check: state for state, check in lines}

    def failures(self) -> list[str]:
        return [check for check, state in self.states().items() if state == "fail"]


class Doctor:
    """``pricing-sync doctor`` in a process of its own."""

    def __init__(self, processes: Processes, directory: Path, threads: ThreadPoolExecutor) -> None:
        self._run: Run = partial(processes.run, "doctor", cwd=directory, timeout=30)
        self._threads = threads

    def __call__(self, *options: str, **variables: str) -> Examination:
        started = time.monotonic()
        ended = self._run(*options, **variables)
        assert ended.stderr == "" and TRACEBACK not in ended.stdout
        return Examination(ended.returncode, ended.stdout, time.monotonic() - started)

    def start(self, *options: str, **variables: str) -> Callable[[], Examination]:
        """Start the doctor; the returned function waits for its end and returns what it found."""
        return self._threads.submit(self, *options, **variables).result


@pytest.fixture
def doctor(processes: Processes, tmp_path: Path) -> Iterator[Doctor]:
    with ThreadPoolExecutor(1) as threads:
        yield Doctor(processes, tmp_path, threads)


@pytest.fixture
def proxy(database: str) -> TcpProxy:
    parts = urlsplit(database)
    assert parts.hostname is not None and parts.port is not None
    return TcpProxy(parts.hostname, parts.port)


def _tick(people: Pricing) -> None:
    people.do(
        "insert into pricing_scheduler_ticks (scheduler, last_tick_at)"
        " values ('worker', clock_timestamp())"
        " on conflict (scheduler) do update set last_tick_at = excluded.last_tick_at"
    )


@pytest.fixture
def own_logins(migrated_cluster: Cluster, database: str) -> Iterator[dict[str, str]]:
    """The processes' variables, each with the URL of a login that is a member of its role."""
    with ExitStack() as stack:
        variables = {}
        for name in ("worker", "web"):
            user, password = stack.enter_context(
                migrated_cluster.login_role(can_create_roles=False)
            )
            migrated_cluster.execute(f"grant pricing_{name} to {{}}", user)
            url = migrated_cluster.url_of(database.rpartition("/")[2], user=user, password=password)
            variables[f"PRICING_{name.upper()}_DATABASE_URL"] = url
        yield variables


def test_all_is_well(
    doctor: Doctor, people: Pricing, start_worker: StartWorker, own_logins: dict[str, str]
) -> None:
    # Nothing is due: this worker must fetch from no provider.
    people.do("update pricing_providers set next_sync_at = now() + interval '1 day'")
    people.do("update pricing_settings set scheduler_enabled = true")
    for provider in ("openrouter", "deepinfra", "catalogue"):
        people.sync(provider, [price("m")])
    people.do("delete from procrastinate.procrastinate_workers")
    start_worker()
    _tick(people)
    answer = doctor(**own_logins)
    assert list(answer.states()) == list(CHECKS)
    assert set(answer.states().values()) == {"ok"}, answer.output
    assert answer.output.endswith("\n\nAll is well.\n")
    assert answer.status == 0


def test_warnings_are_no_failure(
    doctor: Doctor, people: Pricing, own_logins: dict[str, str]
) -> None:
    people.worker()
    people.do("update pricing_settings set scheduler_enabled = false")
    answer = doctor(**own_logins)
    assert answer.states()["schedule"] == "warn" and answer.failures() == []
    assert answer.status == 0
    # The advice stands alone on the next line, to be copied.
    assert re.search(
        r"^warn  schedule .*\n      update public.pricing_settings set .*;$",
        answer.output,
        re.MULTILINE,
    )
    assert answer.output.endswith("\n\n0 failures, 1 warning.\n")


def test_as_json(doctor: Doctor) -> None:
    answer = doctor("--json")
    assert answer.status == 1
    report = json.loads(answer.output)
    assert report["healthy"] is False
    checks: dict[str, dict[str, Any]] = {check["check"]: check for check in report["checks"]}
    assert tuple(checks) == CHECKS
    assert checks["workers"] == {
        "check": "workers",
        "state": "fail",
        "found": "none is alive",
        "advice": "pricing-sync worker",
    }
    assert checks["clock"]["advice"] is None


def test_it_changes_nothing(doctor: Doctor, people: Pricing) -> None:
    people.start("openrouter", worker_id=people.worker("1 hour"))
    people.trigger("deepinfra")
    tables = people.rows(
        "select c.oid::regclass::text as name from pg_class c where c.relkind = 'r'"
        " and c.relnamespace in ('public'::regnamespace, 'procrastinate'::regnamespace)"
    )

    def contents() -> list[object]:
        return [
            people.value(f"select jsonb_agg(to_jsonb(t) order by t::text) from {table['name']} t")
            for table in tables
        ]

    before = contents()
    assert "1 worker_lost" in doctor().output
    assert contents() == before
    assert len(tables) > 10


def test_it_could_change_nothing(doctor: Doctor, people: Pricing) -> None:
    people.do(
        "create or replace function public.pricing_doctor() returns jsonb language sql"
        " as $$ update public.pricing_settings set lease = '1 hour' returning '{}'::jsonb $$"
    )
    answer = doctor()
    assert answer.failures() == ["database", "objects"]
    assert "read-only transaction" in answer.output
    assert people.value("select lease < '1 hour' from pricing_settings")


def test_the_database_is_away(doctor: Doctor) -> None:
    port = free_port()
    url = f"postgresql://me:a-secret@127.0.0.1:{port}/prices"
    answer = doctor(DATABASE_URL=url, PRICING_ADMIN_KEY="another-secret-of-24-characters")
    assert answer.failures() == ["database"]
    assert answer.states()["configuration"] == "ok"
    assert answer.output.count("not checked") == len(CHECKS) - 2
    assert f"pg_isready -h 127.0.0.1 -p {port} -d prices  #" in answer.output
    assert "secret" not in answer.output
    assert answer.status == 1 and answer.seconds < LONGEST_SECONDS


def test_no_database_url(doctor: Doctor) -> None:
    answer = doctor(DATABASE_URL="")
    assert answer.failures() == ["configuration"] and answer.status == 1
    assert "export DATABASE_URL=" in answer.output


def test_a_wrong_setting(doctor: Doctor) -> None:
    answer = doctor(PRICING_PORT="high")
    assert answer.failures() == ["configuration"] and answer.status == 1
    assert "PRICING_PORT" in answer.output


def test_a_server_that_takes_the_connection_and_says_nothing(
    doctor: Doctor, database: str, proxy: TcpProxy
) -> None:
    with proxy:
        proxy.freeze()
        answer = doctor(DATABASE_URL=proxy.url_of(database))
    assert answer.failures() == ["database"] and answer.status == 1
    assert "in time" in answer.output
    assert answer.seconds < LONGEST_SECONDS


def test_a_worker_s_url_that_leads_nowhere(doctor: Doctor, database: str, proxy: TcpProxy) -> None:
    with proxy:
        proxy.freeze()
        answer = doctor(PRICING_WORKER_DATABASE_URL=proxy.url_of(database))
    states = answer.states()
    assert states["worker rights"] == "fail"
    assert states["LISTEN"] == states["pooler"] == "-"
    assert states["database"] == states["clock"] == "ok"
    assert states["web rights"] == "warn", "it uses DATABASE_URL"
    assert answer.seconds < LONGEST_SECONDS


def test_a_statement_that_waits_for_a_lock(doctor: Doctor, people: Pricing, database: str) -> None:
    with psycopg.connect(database) as other:
        other.execute("lock table pricing_schema_ledger in access exclusive mode")
        answer = doctor()
    assert answer.failures() == ["migrations"] and answer.status == 1
    assert "statement timeout" in answer.output and "from pg_stat_activity" in answer.output
    assert answer.states()["workers"] == "-" and answer.states()["LISTEN"] == "ok"
    assert answer.seconds < LONGEST_SECONDS


def test_a_network_that_falls_silent_in_the_middle(
    doctor: Doctor, people: Pricing, database: str, proxy: TcpProxy
) -> None:
    with proxy, psycopg.connect(database) as other:
        other.execute("lock table pricing_schema_ledger in access exclusive mode")
        ended = doctor.start(DATABASE_URL=proxy.url_of(database))
        wait_until(
            lambda: people.rows(
                "select from pg_stat_activity where wait_event_type = 'Lock'"
                " and datname = current_database() and application_name = 'pricing-sync'"
            ),
            30,
            "the doctor waits for the lock",
        )
        proxy.freeze()
        answer = ended()
    assert answer.states()["database"] == "ok"
    assert answer.states()["migrations"] == "fail" and answer.status == 1
    assert "No answer within 8 s." in answer.output
    assert answer.seconds < LONGEST_SECONDS
