"""Trigger jobs and wait for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.rows import DictRow

from tests.support.processes import Process
from tests.support.waiting import wait_until

Connection = psycopg.Connection[DictRow]


class Queue:
    """The queue as a person sees it in the SQL editor."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def row(self, query: str, *parameters: Any) -> DictRow:
        row = self.connection.execute(query.encode(), parameters).fetchone()
        assert row is not None, query
        return row

    def rows(self, query: str, *parameters: Any) -> list[DictRow]:
        return self.connection.execute(query.encode(), parameters).fetchall()

    def trigger(self, *providers: str, **options: Any) -> str:
        """Trigger a sync (no names: all); returns the job's id."""
        named = "".join(f", {name} => %({name})s" for name in options)
        row = self.connection.execute(
            f"select job_id from trigger_pricing_sync(%(providers)s, 'test'{named})".encode(),
            {"providers": list(providers) or None, **options},
        ).fetchone()
        assert row is not None
        return str(row["job_id"])

    def job(self, job_id: str) -> DictRow:
        return self.row("select * from pricing_sync_jobs where job_id = %s", job_id)

    def wait_for_end(self, job_id: str, timeout: float = 60) -> DictRow:
        """Wait until the job has ended; returns its row."""
        wait_until(lambda: self.job(job_id)["outcome"], timeout, f"the end of job {job_id}")
        return self.job(job_id)

    def attempts(self, job_id: str) -> list[DictRow]:
        return self.rows("select * from pricing_sync_log where job_id = %s order by id", job_id)

    def wait_for_status(self, job_id: str, status: str, timeout: float = 60) -> DictRow:
        """Wait until one attempt of the job has this status; returns its log row."""

        def found() -> DictRow | None:
            rows = [row for row in self.attempts(job_id) if row["status"] == status]
            return rows[-1] if rows else None

        row = wait_until(found, timeout, f"an attempt {status} of job {job_id}")
        assert row is not None
        return row

    def workers(self) -> int:
        row = self.row("select count(*) as n from procrastinate.procrastinate_workers")
        return int(row["n"])


StartWorker = Callable[..., Process]
