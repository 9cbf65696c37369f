"""The job manager keeps notifications, heartbeats and ends that the engine alone would lose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Notification, Status
from psycopg.rows import DictRow

from service.engine import job_manager as engine
from service.engine.app import PricingApp
from service.engine.connector import PricingConnector
from service.postgres.pool import answer_within
from service.postgres.retry import is_transient
from service.worker import app as worker_app
from tests.support.syncing import Queue


@pytest.fixture
async def app(database: str, clean_environment: pytest.MonkeyPatch) -> AsyncIterator[PricingApp]:
    """Our App on the test's database, opened; no worker runs."""
    clean_environment.setenv("DATABASE_URL", database)
    app = PricingApp(connector=PricingConnector(size=4))
    async with app.open_async():
        yield app


async def until(condition: Callable[[], object], what: str) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)
    assert condition(), what


class Listener:
    """Counts the notifications that the manager's LISTEN delivers to the worker."""

    def __init__(self, app: PricingApp) -> None:
        self.heard: list[Notification] = []
        self._task = asyncio.create_task(app.job_manager.listen_for_jobs(on_notification=self._on))

    async def _on(self, *, channel: str, notification: Notification) -> None:
        self.heard.append(notification)

    async def stop(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


async def register(app: PricingApp) -> int:
    return await app.job_manager.register_worker()


@pytest.mark.anyio
async def test_news_during_an_empty_fetch_is_asked_for_again(
    app: PricingApp, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker_id = await register(app)
    listener = Listener(app)
    await until(lambda: listener.heard, "the LISTEN is there")
    heard = len(listener.heard)
    ask = app.connector.execute_query_all_async
    asked = []

    async def ask_and_be_late(query: Any, **arguments: Any) -> list[dict[str, Any]]:
        answer = await ask(query, **arguments)
        asked.append([row["id"] for row in answer])
        if len(asked) == 1:
            # After the empty response was made, before the worker has it.
            queue.trigger("openrouter")
            await until(lambda: len(listener.heard) > heard, "the notification arrives")
        return answer

    monkeypatch.setattr(app.connector, "execute_query_all_async", ask_and_be_late)
    job = await app.job_manager.fetch_job(queues=None, worker_id=worker_id)
    await listener.stop()
    assert isinstance(job, Job)
    assert asked == [[], [job.id]]


@pytest.mark.anyio
async def test_a_fetch_that_lost_a_race_for_a_lock_looks_again(
    app: PricingApp, queue: Queue
) -> None:
    """As when a person requeues an older row while a worker fetches a younger one."""
    worker_id = await register(app)
    queue.trigger("openrouter")
    queue.connection.execute(COLLISION.encode())
    fetch = asyncio.create_task(app.job_manager.fetch_job(queues=None, worker_id=worker_id))
    done, _ = await asyncio.wait({fetch}, timeout=0.3)
    assert not done
    queue.connection.execute("drop function public.fault cascade")
    assert await asyncio.wait_for(fetch, 10) is not None


@pytest.mark.parametrize("code", ["57014", "40001", "40P01"])
@pytest.mark.anyio
async def test_a_fetch_that_the_server_undid_looks_again(
    app: PricingApp, queue: Queue, code: str
) -> None:
    """Postgres reports a lock_timeout as a cancelled statement if another waiter goes just then."""
    worker_id = await register(app)
    queue.trigger("openrouter")
    # A sequence keeps its value after a rollback.
    queue.connection.execute(
        f"""
        create sequence public.rolled_back;
        create function public.fault() returns trigger language plpgsql security definer as
        $$ begin
            if nextval('public.rolled_back') < 3 then
                raise exception 'rolled_back' using errcode = '{code}';
            end if;
            return new;
        end; $$;
        create trigger fault before update on procrastinate.procrastinate_jobs
        for each row execute function public.fault();
        """.encode()
    )
    fetched = await app.job_manager.fetch_job(queues=None, worker_id=worker_id)
    assert fetched is not None
    assert queue.row("select nextval('public.rolled_back') as n")["n"] == 4


@pytest.mark.anyio
async def test_a_row_that_cannot_be_read_fails_and_the_next_is_fetched(
    app: PricingApp, queue: Queue
) -> None:
    """The worker cannot read the row, although the database accepts it."""
    worker_id = await register(app)
    queue.connection.execute(
        "create or replace function public.queue_row_fault("
        "p_args jsonb, p_scheduled_at timestamptz) returns text language sql as 'select null::text'"
    )
    arguments = ["[1]", '{"a": ' + "[" * 3000 + "]" * 3000 + "}", '{"a": ' + "1" * 5000 + "}"]
    for number, odd in enumerate(["{}", *arguments]):
        queue.connection.execute(
            "insert into procrastinate.procrastinate_jobs"
            " (queue_name, task_name, args, scheduled_at, priority)"
            " values ('pricing', 'x', %s, '-infinity', %s)",
            [odd, 9 - number],
        )
    queue.trigger("openrouter")
    names = []
    for _ in range(2):
        job = await app.job_manager.fetch_job(queues=None, worker_id=worker_id)
        assert job is not None
        names.append(job.task_name)
    assert names == ["x", "sync_provider"], "a time is nothing that stops a task"
    failed = queue.row(
        "select count(*) as n from procrastinate.procrastinate_jobs"
        " where task_name = 'x' and status = 'failed'"
    )
    assert failed["n"] == len(arguments)


@pytest.mark.anyio
async def test_a_new_or_renewed_listen_is_news(app: PricingApp, queue: Queue) -> None:
    listener = Listener(app)
    await until(lambda: len(listener.heard) == 1, "a new LISTEN is told of")
    killed = queue.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and query ~* '^(listen|notify)'"
    )
    assert len(killed) == 1
    await until(lambda: len(listener.heard) == 2, "a renewed LISTEN is told of")
    await listener.stop()


COLLISION = """
create function public.fault() returns trigger language plpgsql as
$$ begin raise unique_violation using constraint = 'procrastinate_jobs_lock_idx_v1'; end; $$;
create trigger fault before update on procrastinate.procrastinate_jobs
for each row execute function public.fault();
"""
FAULT = """
create function public.fault() returns trigger language plpgsql as
$$ begin raise exception 'not now' using errcode = '40001'; end; $$;
create trigger fault before update on procrastinate.procrastinate_jobs
for each row execute function public.fault();
"""


@pytest.mark.anyio
async def test_an_end_is_repeated_until_it_is_written(app: PricingApp, queue: Queue) -> None:
    job_id = queue.trigger("openrouter")
    job = await app.job_manager.fetch_job(queues=None, worker_id=await register(app))
    assert job is not None
    assert job.id is not None
    queue.connection.execute(FAULT.encode())
    end = asyncio.create_task(
        app.job_manager.end_provider_sync(job.id, 1, "failed", "timeout", "too slow")
    )
    done, _ = await asyncio.wait({end}, timeout=1)
    assert not done, "it does not give up while the write fails"
    queue.connection.execute("drop function public.fault cascade")
    assert await asyncio.wait_for(end, 10) is True
    assert queue.attempts(job_id)[0]["error_message"] == "too slow"


@pytest.mark.anyio
async def test_a_stop_that_gave_up_waiting_is_no_error_of_the_side_tasks(
    app: PricingApp, queue: Queue
) -> None:
    worker_id = await register(app)
    app.database.abandon_pending()
    await app.job_manager.update_heartbeat(worker_id)
    due = Job(
        queue="pricing",
        lock=None,
        queueing_lock=None,
        task_name="pricing_keep_alive",
        task_kwargs={"timestamp": 0},
    )
    assert await app.job_manager.defer_periodic_job(due, "", 0) is None
    assert app.job_manager.take_failure() is None


@pytest.mark.anyio
async def test_a_late_worker_ends_no_other_attempt(app: PricingApp, queue: Queue) -> None:
    job_id = queue.trigger("openrouter")
    first = await app.job_manager.fetch_job(queues=None, worker_id=await register(app))
    assert first is not None
    await app.job_manager.retry_job(first)
    second = await app.job_manager.fetch_job(queues=None, worker_id=await register(app))
    assert second is not None
    assert (second.id, second.attempts) == (first.id, 1)

    assert first.id is not None
    assert await app.job_manager.end_provider_sync(first.id, 1, "failed") is False
    assert queue.attempts(job_id)[1]["status"] == "in_progress"


@pytest.mark.anyio
@pytest.mark.timeout(60)
async def test_nothing_is_kept_of_what_was_given_up(
    app: PricingApp, queue: Queue, database: str
) -> None:
    job_id = queue.trigger("openrouter", "deepinfra")
    worker_id = await register(app)
    first, second = [
        await app.job_manager.fetch_job(queues=None, worker_id=worker_id) for _ in range(2)
    ]
    assert first is not None and second is not None
    with psycopg.connect(database) as person:
        person.execute("select from pricing_sync_jobs where job_id = %s for update", [job_id])
        await asyncio.gather(
            app.job_manager.retry_job(first),
            app.job_manager.finish_job(second, Status.FAILED, False),
        )
    assert not app.job_manager._given_up_attempts
    assert not app.job_manager._running


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        ("08006", True),  # the connection failed
        ("40P01", True),  # a deadlock
        ("40001", True),  # a serialization failure
        ("53300", True),  # too many connections
        ("55P03", True),  # a lock not available
        ("57014", True),  # a statement timeout
        ("57P01", True),  # the server is going down
        ("21000", False),  # two rows where one may be
        ("22023", False),  # a wrong argument
        ("23514", False),  # a check constraint
        ("42883", False),  # no such function
        ("0A000", False),  # not supported
        ("P0001", False),  # raised
    ],
)
@pytest.mark.anyio
async def test_only_what_can_pass_is_tried_again(code: str, passes: bool) -> None:
    assert is_transient(psycopg.errors.lookup(code)()) is passes


@pytest.mark.anyio
async def test_a_lost_connection_passes_and_a_wrong_argument_does_not() -> None:
    assert is_transient(psycopg.OperationalError("server closed the connection"))
    assert is_transient(psycopg.InterfaceError("the connection is closed"))
    assert not is_transient(psycopg.DataError("a string with a NUL"))


@pytest.mark.anyio
async def test_heartbeats_go_on_while_all_connections_are_busy(
    app: PricingApp, queue: Queue
) -> None:
    """The worker runs all of these, so it must not look dead, even for longer than the lease."""
    worker_id = await register(app)
    queue.connection.execute(
        "update procrastinate.procrastinate_workers set last_heartbeat = now() - interval '1 hour'"
    )
    with answer_within(60):
        busy = [
            asyncio.create_task(app.connector.execute_query_async("select pg_sleep(60)"))
            for _ in range(4)
        ]
    sleeping = (
        "select count(*) as n from pg_stat_activity"
        " where datname = current_database() and wait_event = 'PgSleep'"
    )
    await until(lambda: queue.row(sleeping)["n"] == len(busy), "no connection is free")
    async with asyncio.timeout(30):
        await app.job_manager.update_heartbeat(worker_id)
    assert queue.row("select pricing_workers_alive() as n")["n"] == 1
    assert not any(task.done() for task in busy)
    app.database.abandon_pending()
    await asyncio.gather(*busy, return_exceptions=True)


@pytest.mark.anyio
async def test_a_sign_off_waits_only_so_long_for_a_session_that_locks_the_worker(
    app: PricingApp, queue: Queue, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This also holds without a stop: a restarted worker does not wait for the old registration."""
    monkeypatch.setattr(engine, "SIGN_OFF_SECONDS", 0.5)
    worker_id = await register(app)
    with psycopg.connect(database) as person:
        person.execute("select from procrastinate.procrastinate_workers for update")
        async with asyncio.timeout(8):
            await app.job_manager.unregister_worker(worker_id)
        person.rollback()
    assert queue.workers() == 1
    await app.job_manager.unregister_worker(worker_id)
    assert queue.workers() == 0


@pytest.mark.anyio
async def test_rows_of_a_fetch_whose_answer_was_lost_go_back(
    app: PricingApp, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end of the worker, and not as syncs that lost it; what it runs stays."""
    manager, worker_id = app.job_manager, await register(app)
    running_job, lost_job = queue.trigger("openrouter"), queue.trigger("deepinfra", "catalogue")
    running = await manager.fetch_job(queues=None, worker_id=worker_id)
    ask = app.connector.execute_query_all_async

    async def lose_the_answer(query: Any, **arguments: Any) -> list[dict[str, Any]]:
        await ask(query, **arguments)
        raise ConnectorException from psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(app.connector, "execute_query_all_async", lose_the_answer)
    with pytest.raises(ConnectorException):
        await manager.fetch_jobs(None, worker_id, 4)
    monkeypatch.undo()
    assert [row["status"] for row in queue.attempts(lost_job)] == ["in_progress"] * 2
    await manager.unregister_worker(worker_id)
    ended = [row for row in queue.attempts(lost_job) if row["attempt"] == 1]
    assert [row["error_kind"] for row in ended] == ["handed_back"] * 2
    again = await manager.fetch_jobs(None, await register(app), 4)
    assert [(job.id, job.attempts) for job in again] == [(row["queue_job_id"], 1) for row in ended]
    assert running is not None
    assert queue.attempts(running_job)[0]["status"] == "in_progress"


@pytest.mark.anyio
async def test_a_worker_does_not_fetch_as_the_engine_does(app: PricingApp, queue: Queue) -> None:
    """The engine's own fetch slows down with every row that waits behind a lock."""
    queue.connection.execute("drop function procrastinate.procrastinate_fetch_job_v2")
    queue.trigger("openrouter")
    job = await app.job_manager.fetch_job(queues=["pricing"], worker_id=await register(app))
    assert job is not None and job.task_kwargs["provider"] == "openrouter"


def test_a_periodic_task_is_registered() -> None:
    """Without one, the engine's worker outlives its heartbeat and its LISTEN."""
    assert worker_app.periodic_registry.periodic_tasks


def test_the_engines_tables_have_our_indexes(connection: psycopg.Connection[DictRow]) -> None:
    rows = connection.execute(
        "select indexname, indexdef from pg_indexes where schemaname = 'procrastinate'"
        " and indexname like 'pricing%' order by 1"
    ).fetchall()
    indexes = {row["indexname"]: row["indexdef"] for row in rows}
    assert "(lock, ((status <> 'doing'" in indexes.pop("pricing_first_by_lock")
    assert "(id) WHERE ((task_name)" in indexes.pop("pricing_other_rows")
    assert "(worker_id)" in indexes.pop("pricing_rows_by_worker")
    assert not indexes
