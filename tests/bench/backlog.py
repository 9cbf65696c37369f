"""Measure fetch, clean-up and a worker's stop on a long queue with a long past.

Rows are loaded as the system would write them, with triggers off for speed. Each figure stands
beside the same figure on an empty queue.

``python -m tests.bench.backlog``
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg.rows import DictRow, dict_row

from service.migrations.migrate import migrate
from tests.bench.figures import print_figures
from tests.support.postgres import running_cluster
from tests.support.processes import Processes
from tests.support.syncing import Queue
from tests.support.waiting import wait_until

Connection = psycopg.Connection[DictRow]

PROVIDERS = """
insert into pricing_providers (slug, name, adapter, base_url, next_sync_at)
select 'p' || n, 'P', 'openrouter', 'http://127.0.0.1:9', 'infinity'
from generate_series(1, 50) as n
"""
# One job, log row and queue row each; the caller passes the status words of queue, log and job.
LOAD = """
with loaded as (
    select
        gen_random_uuid() as job_id,
        'p' || 1 + n %% 50 as slug,
        nextval('procrastinate.procrastinate_jobs_id_seq') as id
    from generate_series(1, %(rows)s) as n
),
jobs as (
    insert into pricing_sync_jobs (job_id, status, outcome, triggered_by, providers, completed_at)
    select job_id, %(job)s, %(outcome)s, 'bench', array[slug],
        case when %(outcome)s::text is not null then clock_timestamp() end
    from loaded
),
logs as (
    insert into pricing_sync_log (job_id, provider_slug, queue_job_id, attempt, status,
        triggered_by, sync_started_at, sync_completed_at)
    select job_id, slug, id, 1, %(log)s, 'bench',
        case when %(log)s <> 'queued' then clock_timestamp() end,
        case when %(outcome)s::text is not null then clock_timestamp() end
    from loaded
)
insert into procrastinate.procrastinate_jobs
    (id, queue_name, task_name, lock, args, status, attempts, worker_id)
select id, 'pricing', 'sync_provider', 'pricing_sync:' || slug,
    jsonb_build_object('provider', slug, 'job_id', job_id),
    %(queue)s::procrastinate.procrastinate_job_status,
    case when %(outcome)s::text is null then 0 else 1 end, %(worker)s
from loaded
"""

WORDS: dict[str, dict[str, str | None]] = {
    "doing": {"job": "running", "log": "in_progress", "outcome": None},
    "todo": {"job": "queued", "log": "queued", "outcome": None},
    "succeeded": {"job": "completed", "log": "success", "outcome": "success"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, default=10_000)
    parser.add_argument("--finished", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    with (
        running_cluster() as cluster,
        cluster.database() as name,
        tempfile.TemporaryDirectory() as directory,
    ):
        url = cluster.url_of(name)
        migrate(url)
        processes = Processes(Path(directory), {"DATABASE_URL": url})
        processes.interpreters = True
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            connection.execute("update pricing_settings set scheduler_enabled = false")
            connection.execute(PROVIDERS)
            try:
                rounds, waiting = arguments.rounds, f"{arguments.waiting:,} waiting"
                _measure(connection, processes, "an empty queue", rounds)
                _load(connection, 50, "doing", _worker(connection))
                _load(connection, arguments.waiting, "todo", None)
                _measure(connection, None, f"{waiting} behind 50 running locks", rounds)
                _load(connection, arguments.finished, "succeeded", None)
                past = f"{arguments.finished:,} finished"
                _measure(connection, None, f"{waiting} behind 50 locks, {past}", rounds)
                connection.execute(
                    "set session_replication_role = replica;"
                    "delete from procrastinate.procrastinate_jobs"
                    " where status in ('todo', 'doing');"
                    "delete from pricing_sync_jobs where outcome is null;"
                    "delete from pricing_sync_log where status in ('queued', 'in_progress');"
                    "reset session_replication_role"
                )
                connection.execute("vacuum analyze")
                _measure(connection, processes, past, rounds)
            finally:
                processes.end()


def _load(connection: Connection, rows: int, queue: str, worker: int | None) -> None:
    connection.execute("set session_replication_role = replica")
    if queue == "doing":
        # One for each lock: rows 1 to 50 have one provider each.
        assert rows == 50
    connection.execute(
        LOAD.encode(), {"rows": rows, "queue": queue, "worker": worker, **WORDS[queue]}
    )
    connection.execute("reset session_replication_role")
    connection.execute("vacuum analyze")


def _measure(connection: Connection, processes: Processes | None, what: str, rounds: int) -> None:
    worker = _worker(connection)
    # Loading takes longer than the lease; no worker may count as lost.
    connection.execute(
        "update procrastinate.procrastinate_workers set last_heartbeat = now() + interval '1 hour'"
    )

    def fetch(function: str) -> None:
        # Rolled back, so that each round sees the same queue.
        with connection.transaction(force_rollback=True):
            connection.execute(f"select * from {function}(null, %s)".encode(), [worker])

    def clean_up() -> None:
        row = connection.execute("select * from cleanup_stuck_pricing_syncs()").fetchone()
        assert row is not None

    def stop() -> None:
        leaving = _worker(connection)
        started = time.perf_counter()
        connection.execute("select procrastinate.procrastinate_unregister_worker_v1(%s)", [leaving])
        stops.append((time.perf_counter() - started) * 1000)

    stops: list[float] = []
    print_figures(f"{what}: fetch", _times(lambda: fetch("fetch_queue_row"), rounds))
    engine = "procrastinate.procrastinate_fetch_job_v2"
    print_figures(f"{what}: the engine's own fetch", _times(lambda: fetch(engine), rounds))
    print_figures(f"{what}: clean-up", _times(clean_up, min(rounds, 50)))
    for _ in range(min(rounds, 50)):
        stop()
    print_figures(f"{what}: a worker signs off", stops)
    if processes is not None:
        print_figures(
            f"{what}: SIGTERM to the end of the process", _process_stops(connection, processes)
        )


def _process_stops(connection: Connection, processes: Processes) -> list[float]:
    queue = Queue(connection)
    times = []
    before = queue.workers()
    for _ in range(10):
        connection.execute("delete from pricing_scheduler_ticks where scheduler = 'worker'")
        process = processes.service("worker")
        wait_until(lambda: queue.workers() > before, 30, "the worker registers")
        # The worker is idle from here on: it has cleaned up and ticked once.
        wait_until(lambda: queue.rows("select 1 from pricing_scheduler_ticks"), 30, "it ticks")
        started = time.perf_counter()
        process.popen.terminate()
        # wait(timeout) would poll at growing intervals, up to 50 ms.
        process.popen.wait()
        times.append((time.perf_counter() - started) * 1000)
    return times


def _worker(connection: Connection) -> int:
    row = connection.execute(
        "select worker_id from procrastinate.procrastinate_register_worker_v1()"
    ).fetchone()
    assert row is not None
    return int(row["worker_id"])


def _times(work: Callable[[], None], rounds: int) -> list[float]:
    """Milliseconds of each round."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return times


if __name__ == "__main__":
    main()
