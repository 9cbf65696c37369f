"""What each kind of call costs in a large database, beside the same in a small one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.large_database import Scale, counts, prepare
from service.bench.ground.list_applying import APPLY, apply_parameters, read_list
from service.bench.ground.made_lists import price_list
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario
from service.bench.turns import in_turn, milliseconds
from service.errors import BenchFailed
from service.lists import job_lists, price_lists, review_lists
from service.lists.list_query import ListQuery

SMALL = Scale(models=400, jobs=1_000, history=10_000)
QUICK = Scale(models=10_000, jobs=20_000, history=100_000)
LARGE = Scale(models=125_000, jobs=1_000_000, history=10_000_000)
# So few that each list of the small database has them: a longer page would compare its length.
PAGE = 4

SMALL_PROVIDER, SMALL_LIST = "small", 400
# As a worker does when nothing changed: it asks which entries it need not send, and sends the rest.
APPLY_SMALL = """
select a.status
from procrastinate.procrastinate_jobs j
cross join lateral public.apply_provider_list(
    j.id, j.attempts + 1, '[]', skipped => '[]',
    unchanged => public.pricing_unchanged_digests(j.id, j.attempts + 1)
) as a
where j.status = 'doing' and j.args ->> 'provider' = 'small'
"""
ROW = """
select id, attempts + 1 as attempt from procrastinate.procrastinate_jobs
where status = 'doing' and args ->> 'provider' = 'small'
"""
START = """
update procrastinate.procrastinate_jobs
set status = 'doing',
    worker_id = (select worker_id from procrastinate.procrastinate_register_worker_v1())
where status = 'todo' and args ->> 'provider' = %s
"""

Connection = psycopg.Connection[DictRow]
Call = tuple[str, Sequence[Any]]

CALLS: dict[str, str] = {
    "trigger": "select job_id from trigger_pricing_sync(array['ovhcloud'], 'bench')",
    "fetch": "select * from fetch_queue_rows(null, null, 4)",
    "status": "select * from pricing_sync_progress where job_id = (select job_id"
    " from pricing_sync_jobs order by triggered_at desc limit 1)",
    "tick": "select tick_pricing_schedule('worker')",
    "prune": "select cleanup_old_pricing_jobs('1000 days')",
    "clean-up": "select * from cleanup_stuck_pricing_syncs()",
    "metrics": "select * from pricing_metrics()",
    "scheduler": "select pricing_scheduler_status()",
    "override": "select set_price_override('small', 'maker/model-7', 'bench', 1, 2,"
    " author => 'bench', force => true)",
}


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    large = QUICK if ground.is_quick else LARGE
    with _database(ground, SMALL) as small, _database(ground, large) as full:
        rows = counts(full.info.dsn + f" password={full.info.password}")
        beside = ", ".join(f"{count:,} {table}" for table, count in rows.items())
        for name, call in _calls():
            works = {"full": partial(_undone, full, call), "small": partial(_undone, small, call)}
            in_turn(3, works)
            taken = in_turn(rounds, works)
            yield Measurement(
                f"growth.{name}", f"{name} in a large database", "ms", taken["full"],
                "the same with 400 models, 1,000 jobs, 10,000 history rows", taken["small"],
                note=beside if name == "trigger" else "",
            )  # fmt: skip


def _calls() -> Iterator[tuple[str, Call]]:
    for name, query in CALLS.items():
        yield name, (query, ())
    yield "apply", (APPLY_SMALL, ())
    yield "active", job_lists.SYNCS.statement({"status": "active"}, limit=PAGE)
    yield "search", price_lists.MODELS.statement({"q": "model-77"}, limit=PAGE)
    for module in (job_lists, price_lists, review_lists):
        for value in vars(module).values():
            if isinstance(value, ListQuery) and value is not price_lists.HISTORY:
                yield f"page-{value.view}", value.statement({}, limit=PAGE)


def _undone(connection: Connection, call: Call) -> float:
    query, arguments = call
    with connection.transaction(force_rollback=True):
        cursor = psycopg.RawCursor(connection, row_factory=dict_row)
        return milliseconds(lambda: cursor.execute(query.encode(), arguments).fetchall())


def load_small_list(connection: Connection) -> None:
    """A provider of 400 models, whose next sync runs and waits for its prices."""
    connection.execute(
        "insert into pricing_providers (slug, name, adapter, base_url, next_sync_at)"
        " values (%s, 'Small', 'openrouter', 'http://127.0.0.1:9', 'infinity')",
        [SMALL_PROVIDER],
    )
    _start_sync(connection)
    row = connection.execute(ROW).fetchone()
    if row is None:
        raise BenchFailed("The small provider's sync does not run.")
    first = read_list(price_list(SMALL_LIST), SMALL_PROVIDER)
    connection.execute(APPLY, apply_parameters(first, row["id"], row["attempt"]))
    _start_sync(connection)
    connection.execute("vacuum analyze")


def _start_sync(connection: Connection) -> None:
    """The small provider's sync runs, whatever else waits in a large database."""
    connection.execute("select trigger_pricing_sync(array[%s], 'bench')", [SMALL_PROVIDER])
    connection.execute(START, [SMALL_PROVIDER])


@contextmanager
def _database(ground: BenchGround, scale: Scale) -> Iterator[Connection]:
    with ground.server.migrated_database() as url:
        prepare(url, scale)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            # As the web process and the worker set it; and nothing is due to be pruned.
            connection.execute("set jit = off")
            connection.execute("update pricing_settings set retention = '1000 days'")
            connection.execute("select erase_audit_details()")
            load_small_list(connection)
            yield connection


SCENARIO = Scenario(
    "growth", "the largest database beside the smallest", "the smallest", measure, 15, 5, 140,
    is_quick=False,
)  # fmt: skip
