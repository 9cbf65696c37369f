"""The acts of people, workers and the engine on the database, one method each.

Every act uses a real connection, in the role that performs it in production.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tests.support.waiting import wait_until

Row = dict[str, Any]

# Every table that a trigger, a sync or a clean-up writes.
WRITTEN = (
    "public.pricing_providers",
    "public.model_pricing",
    "public.model_pricing_history",
    "public.pricing_held_changes",
    "public.pricing_said_again",
    "public.pricing_overrides",
    "public.pricing_change_rules",
    "public.pricing_catalogue_prices",
    "public.pricing_model_aliases",
    "public.pricing_sync_jobs",
    "public.pricing_sync_log",
    "public.pricing_metric_totals",
    "public.pricing_api_keys",
    "public.pricing_audit_log",
    "public.pricing_idempotency_keys",
    "procrastinate.procrastinate_jobs",
    "procrastinate.procrastinate_events",
)


@dataclass(frozen=True)
class Attempt:
    """A queue row that a worker has fetched; the fence checks the attempt's ``number``."""

    queue_job_id: int
    number: int
    provider: str
    job_id: str


@dataclass(frozen=True)
class Pricing:
    """One connection in autocommit, and the acts it offers."""

    connection: psycopg.Connection[DictRow]

    # Plain SQL, as the connection's own user.

    def rows(self, query: str, *arguments: object) -> list[Row]:
        return self.connection.execute(query.encode(), arguments or None).fetchall()

    def row(self, query: str, *arguments: object) -> Row:
        rows = self.rows(query, *arguments)
        assert len(rows) == 1, f"{len(rows)} rows: {query}"
        return rows[0]

    def value(self, query: str, *arguments: object) -> Any:
        return next(iter(self.row(query, *arguments).values()))

    def do(self, statement: str, *arguments: object) -> int:
        """Run a statement; returns the number of rows it changed."""
        return self.connection.execute(statement.encode(), arguments or None).rowcount

    def maintain(self, statement: str, *arguments: object) -> int:
        """Run a statement that the triggers would refuse, as a person who repairs data does."""
        with self.connection.transaction():
            self.connection.execute("set local pricing.maintenance = 'on'")
            changed = self.do(statement, *arguments)
            self.connection.execute("set local pricing.maintenance = 'off'")
        return changed

    @contextmanager
    def as_role(self, role: str) -> Iterator[None]:
        self.connection.execute(f"set role {role}".encode())
        try:
            yield
        finally:
            if self.connection.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
                self.connection.execute("reset role")

    # People and programs.

    def trigger(self, *providers: str | None, role: str = "pricing_web", **options: object) -> Row:
        """Call ``trigger_pricing_sync`` for these providers, for all when none is named."""
        arguments = {"providers": list(providers) if providers else None} | options
        names = ", ".join(f"{name} => %s" for name in arguments)
        with self.as_role(role):
            return self.row(
                f"select * from public.trigger_pricing_sync({names})", *arguments.values()
            )

    # The worker.

    def worker(self, silent_for: str = "0 seconds") -> int:
        """Register a worker whose last heartbeat was this long ago."""
        worker_id: int = self.value(
            "insert into procrastinate.procrastinate_workers (last_heartbeat)"
            " values (clock_timestamp() - %s::interval) returning id",
            silent_for,
        )
        return worker_id

    def fetch(self, worker_id: int | None = None) -> Attempt | None:
        """Fetch as this worker (a new one unless named); None when there is nothing to fetch."""
        worker_id = self.worker() if worker_id is None else worker_id
        with self.as_role("pricing_worker"):
            found = self.row(
                "select * from procrastinate.procrastinate_fetch_job_v2(null, %s)", worker_id
            )
        if found["id"] is None:
            return None
        args = found["args"]
        return Attempt(found["id"], found["attempts"] + 1, args["provider"], args["job_id"])

    def start(self, *providers: str, worker_id: int | None = None, **options: Any) -> Attempt:
        """Trigger a sync and fetch its first provider."""
        job = self.trigger(*(providers or ("openrouter",)), **options)
        attempt = self.fetch(worker_id)
        assert attempt is not None
        assert attempt.job_id == str(job["job_id"])
        return attempt

    def apply(self, attempt: Attempt, prices: list[Row] | None, **arguments: object) -> Row:
        """Call ``apply_provider_prices`` as the worker (``None``: 304); returns its log row."""
        given = {
            "prices": None if prices is None else Jsonb(prices),
            **{k: Jsonb(v) if isinstance(v, list) else v for k, v in arguments.items()},
        }
        names = ", ".join(f"{name} => %s" for name in given)
        with self.as_role("pricing_worker"):
            told = self.row(
                f"select * from public.apply_provider_prices(%s, %s, {names})",
                attempt.queue_job_id,
                attempt.number,
                *given.values(),
            )
        # The log row has more columns than the worker gets.
        return self._log_of(attempt) or told

    def end(
        self,
        attempt: Attempt,
        status: str = "failed",
        error_kind: str | None = None,
        message: str | None = None,
    ) -> bool:
        """Call ``end_provider_sync`` as the worker."""
        with self.as_role("pricing_worker"):
            ended: bool = self.value(
                "select public.end_provider_sync(%s, %s, %s, %s, %s)",
                attempt.queue_job_id,
                attempt.number,
                status,
                error_kind,
                message,
            )
        return ended

    def sync(self, provider: str, prices: list[Row] | None, **arguments: object) -> Row:
        """Run a whole sync of one provider, from the trigger on; returns its log row."""
        return self.apply(self.start(provider), prices, **arguments)

    def succeed(self, attempt: Attempt, *models: str) -> Row:
        return self.apply(
            attempt, [price(m, source=f"api:{attempt.provider}") for m in models or ("m",)]
        )

    def other_task(self, status: str = "todo", worker_id: int | None = None) -> int:
        """A queue row of a task of another application."""
        queue_job_id: int = self.value(
            "insert into procrastinate.procrastinate_jobs"
            " (queue_name, task_name, args, status, worker_id)"
            " values ('default', 'other', '{}', %s, %s) returning id",
            status,
            worker_id,
        )
        return queue_job_id

    # Reads.

    def job(self, job_id: object) -> Row:
        return self.row("select * from public.pricing_sync_jobs where job_id = %s", job_id)

    def queue_row(self, queue_job_id: int) -> Row:
        return self.row(
            "select * from procrastinate.procrastinate_jobs where id = %s", queue_job_id
        )

    def queue_rows(self, job_id: object) -> list[Row]:
        return self.rows(
            "select * from procrastinate.procrastinate_jobs"
            " where args ->> 'job_id' = %s order by id",
            str(job_id),
        )

    def log(self, queue_job_id: int, attempt: int = 1) -> Row:
        return self.row(
            "select * from public.pricing_sync_log where queue_job_id = %s and attempt = %s",
            queue_job_id,
            attempt,
        )

    def _log_of(self, attempt: Attempt) -> Row | None:
        """As the owner; None when the connection has another user, or the job was deleted since."""
        query = "select * from public.pricing_sync_log where queue_job_id = %s and attempt = %s"
        if not self.value("select has_table_privilege('public.pricing_sync_log', 'select')"):
            return None
        rows = self.rows(query, attempt.queue_job_id, attempt.number)
        return rows[0] if rows else None

    def log_statuses(self, queue_job_id: int) -> list[str]:
        rows = self.rows(
            "select status from public.pricing_sync_log where queue_job_id = %s order by attempt",
            queue_job_id,
        )
        return [row["status"] for row in rows]

    def provider(self, slug: str) -> Row:
        return self.row("select * from public.pricing_providers where slug = %s", slug)

    def model(self, model_id: str, provider: str = "openrouter") -> Row:
        return self.row(
            "select m.*, m.xmin::text as version from public.model_pricing m"
            " where provider_slug = %s and model_id = %s",
            provider,
            model_id,
        )

    def history(self, model_id: str, provider: str = "openrouter") -> list[Row]:
        return self.rows(
            "select h.* from public.model_pricing_history h"
            " join public.model_pricing m on m.id = h.model_id"
            " where m.provider_slug = %s and m.model_id = %s order by h.changed_at, h.id",
            provider,
            model_id,
        )

    def state(self) -> dict[str, str]:
        """A digest of every row of every table that our code writes."""
        return {
            table: self.value(
                f"select md5(coalesce(string_agg(t.xmin || t::text, ',' order by t.ctid), ''))"
                f" from {table} t"
            )
            for table in WRITTEN
        }

    @contextmanager
    def reading_few_rows(self, limit: int = 1000) -> Iterator[None]:
        """Assert that no scan reads more rows than that from a table of ours or of the engine's."""
        with self.connection.transaction():
            before = self._rows_read()
            yield
            read = {table: rows - before[table] for table, rows in self._rows_read().items()}
            much = {table: rows for table, rows in read.items() if rows > limit}
            assert not much, much

    def _rows_read(self) -> dict[str, int]:
        """What this session has counted and not yet reported, including earlier transactions."""
        tables = self.rows(
            "select relname, seq_tup_read + coalesce(idx_tup_fetch, 0) as read"
            " from pg_stat_xact_all_tables where schemaname in ('public', 'procrastinate')"
        )
        return {table["relname"]: table["read"] for table in tables}

    @contextmanager
    def nothing_written(self) -> Iterator[None]:
        """Assert that no row changes, in any table that our code writes."""
        before = self.state()
        yield
        assert self.state() == before

    # Races and notifications.

    @property
    def backend(self) -> int:
        return self.connection.info.backend_pid

    def wait_until_blocked(self, other: Pricing) -> None:
        """Wait until the other connection waits for a lock of this one."""
        # The views are the server's, so this connection may ask as well as a third one.
        wait_until(
            lambda: self.value(
                "select %s = any (pg_blocking_pids(%s))", self.backend, other.backend
            ),
            what="the other connection waits for this one",
        )

    def wait_until_it_polls(self, other: Pricing) -> None:
        """Wait until the other connection sleeps between two tries to get a lock."""
        sleeps = "select from pg_stat_activity where pid = %s and wait_event = 'PgSleep'"
        wait_until(lambda: self.rows(sleeps, other.backend), what="the other connection polls")

    def listen(self, *channels: str) -> None:
        for channel in channels:
            self.connection.execute(f'listen "{channel}"'.encode())

    def heard(self, speaker: Pricing) -> list[tuple[str, str]]:
        """The notifications since ``listen``, (channel, payload) in the order of the commits.

        The speaker sends a last notification of its own, which ends the waiting.
        """
        self.listen("last_word")
        speaker.do("select pg_notify('last_word', '')")
        heard: list[tuple[str, str]] = []
        for notify in self.connection.notifies(timeout=30):
            if notify.channel == "last_word":
                return heard
            heard.append((notify.channel, notify.payload))
        raise AssertionError(f"the last word did not arrive; heard {heard}")


def price(
    model_id: str = "m",
    input: str | None = "0.0000003",
    output: str | None = "0.0000006",
    *,
    source: str = "api:openrouter",
    **more: object,
) -> Row:
    """One model of a price list, in USD per token; the name is the id unless passed."""
    listed: Row = {"model_id": model_id, "name": model_id, "source": source}
    if input is not None:
        listed["price_per_input_token"] = input
    if output is not None:
        listed["price_per_output_token"] = output
    return listed | more


def catalogue_price(provider: str, model_id: str, *arguments: str, **more: Any) -> Row:
    source = "catalogue:genai-prices@0.2.3"
    return price(model_id, *arguments, source=source, **more) | {"provider": provider}


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[psycopg.Error]]:
    """Assert that the database raises this SQLSTATE and, where the code is ours, a hint."""
    with pytest.raises(psycopg.Error) as info:
        yield info
    assert info.value.sqlstate == code, info.value
    if code.startswith("PT"):
        assert info.value.diag.message_hint, info.value


def numbers(row: Mapping[str, Any]) -> dict[str, Decimal]:
    """The known prices of a row of ``model_pricing`` or its history."""
    return {k: v for k, v in row.items() if k.startswith("price_per_") and v is not None}
