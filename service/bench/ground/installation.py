"""One installation under test: a migrated database, a provider's server, processes of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg
from psycopg.rows import DictRow, dict_row

from service.bench.ground.bench_server import BenchServer
from service.bench.ground.free_port import free_port
from service.bench.ground.list_server import Answer, ListServer, running_list_server
from service.bench.ground.loaded_queue import load_jobs
from service.bench.ground.our_processes import (
    ADMIN_KEY,
    OurProcess,
    OurProcesses,
    running_processes,
)
from service.bench.ground.until import until
from service.errors import BenchFailed
from service.up.stopping import StopSignals

Connection = psycopg.Connection[DictRow]

# An installation in use: so many syncs have ended before.
ENDED_JOBS = 1_000
_RUN_MS = """
select extract(epoch from max(sync_completed_at) - min(sync_started_at)) * 1000 as ms
from pricing_sync_log where job_id = any (%s::uuid[])
"""
# All statements of the workers; planning included.
_STATEMENT_MS = """
select coalesce(sum(total_exec_time + total_plan_time), 0) as ms, coalesce(sum(calls), 0) as calls
from statements.pg_stat_statements s join pg_database d on d.oid = s.dbid
where d.datname = current_database() and s.userid = 'pricing_worker'::regrole
"""


@dataclass
class Installation:
    """``connection`` is the owner's, with autocommit."""

    url: str
    server: BenchServer
    connection: Connection
    lists: ListServer
    processes: OurProcesses

    def point(self, slug: str, answer: Answer, *, first_is_reviewed: bool = False) -> None:
        """Let a provider's syncs ask our list server."""
        self.lists.answers[slug] = answer
        self.execute(
            "update pricing_providers set base_url = %s, enabled = true, review_first = %s"
            " where slug = %s",
            self.lists.base_url(slug),
            first_is_reviewed,
            slug,
        )

    def add_provider(self, slug: str, answer: Answer | None = None) -> None:
        """A further provider, whose list is in OpenRouter's form."""
        self.execute(
            "insert into pricing_providers (slug, name, adapter, base_url, next_sync_at)"
            " values (%s, %s, 'openrouter', %s, 'infinity')",
            slug,
            slug,
            self.lists.base_url(slug),
        )
        if answer is not None:
            self.lists.answers[slug] = answer

    def execute(self, statement: str, *parameters: Any) -> None:
        self.connection.execute(statement.encode(), parameters)

    def row(self, query: str, *parameters: Any) -> DictRow:
        row = self.connection.execute(query.encode(), parameters).fetchone()
        if row is None:
            raise BenchFailed(f"No row: {query}")
        return row

    def worker(self, *arguments: str, **variables: str) -> OurProcess:
        """Start a worker and wait until it has registered."""
        query = "select count(*) as n from procrastinate.procrastinate_workers"
        before = int(self.row(query)["n"])
        process = self.processes.start("worker", *arguments, **variables)

        def registered() -> bool:
            process.require_running()
            return int(self.row(query)["n"]) > before

        until(registered, "a worker registers")
        return process

    @contextmanager
    def web(self, *arguments: str, **variables: str) -> Iterator[tuple[OurProcess, httpx2.Client]]:
        """A web process and a client with the admin key."""
        with running_web(self.processes, *arguments, **variables) as running:
            yield running

    @contextmanager
    def bare_route(self) -> Iterator[OurProcess]:
        """A process of ``peers/bare_route.py``."""
        port = free_port()
        module = "service.bench.peers.bare_route"
        process = self.processes.start(str(port), module=module)
        with _listening(process, port):
            yield process

    def trigger(self, *providers: str) -> str:
        """Request a sync; returns the job's id."""
        query = "select job_id from trigger_pricing_sync(%s::text[], 'bench')"
        return str(self.row(query, list(providers) or None)["job_id"])

    def wait_for(self, *jobs: str, seconds: float = 300) -> None:
        """Wait until each job has ended; BenchFailed where one did not succeed."""
        query = "select count(*) as n from pricing_sync_jobs where job_id = any (%s::uuid[])"
        ended = f"{query} and outcome is not null"
        until(lambda: self.row(ended, list(jobs))["n"] == len(jobs), "the jobs end", seconds)
        if self.row(f"{query} and outcome = 'success'", list(jobs))["n"] != len(jobs):
            why = self.row(
                "select error_kind, error_message from pricing_sync_log"
                " where job_id = any (%s::uuid[]) and status <> 'success' limit 1",
                list(jobs),
            )
            raise BenchFailed(f"A sync failed ({why['error_kind']}): {why['error_message']}")

    def sync(self, *providers: str) -> float:
        """Sync, and return the milliseconds from its start by a worker to its end."""
        job = self.trigger(*providers)
        self.wait_for(job)
        return self.run_ms(job)

    def run_ms(self, *jobs: str) -> float:
        """From the first start of a sync of these jobs to the last end, by the database's clock."""
        return float(self.row(_RUN_MS, list(jobs))["ms"])

    def forget_statements(self) -> None:
        if not self.server.counts_statements:
            raise BenchFailed("The server has no pg_stat_statements.")
        self.execute("select statements.pg_stat_statements_reset()")

    def worker_ms(self) -> tuple[float, int]:
        """Milliseconds in statements of workers since ``forget_statements``, and their number."""
        row = self.row(_STATEMENT_MS)
        return float(row["ms"]), int(row["calls"])


@contextmanager
def running_web(
    processes: OurProcesses, *arguments: str, **variables: str
) -> Iterator[tuple[OurProcess, httpx2.Client]]:
    """A web process and a client with the admin key."""
    port = free_port()
    process = processes.start("serve", "--port", str(port), *arguments, **variables)
    with _listening(process, port) as client:
        yield process, client


@contextmanager
def _listening(process: OurProcess, port: int) -> Iterator[httpx2.Client]:
    """A client of a process that has begun to answer; stops the process."""
    process.port = port
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    base = f"http://127.0.0.1:{port}"
    with httpx2.Client(base_url=base, headers=headers, timeout=120) as client:

        def answers() -> bool:
            process.require_running()
            try:
                return client.get("/health").status_code == 200
            except httpx2.TransportError:
                return False

        until(answers, "the web process answers")
        yield client
    process.stop()


@contextmanager
def installation(server: BenchServer, signals: StopSignals) -> Iterator[Installation]:
    with (
        server.migrated_database() as url,
        running_list_server() as lists,
        running_processes(url, signals) as processes,
        psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection,
    ):
        # Sessions keep plans that were made for empty tables until the first analyze.
        load_jobs(connection, ENDED_JOBS, "succeeded")
        yield Installation(url, server, connection, lists, processes)
