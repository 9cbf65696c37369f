"""After a run: wait until the queue is empty by itself, then check the invariants."""

from __future__ import annotations

import time
from collections import Counter

from tests.chaos.invariants import Evidence, broken_invariants
from tests.chaos.invariants.tables import Tables, read_tables
from tests.chaos.load import Load, Trigger
from tests.chaos.operator_statements import open_syncs
from tests.chaos.report import Report
from tests.chaos.world import PROVIDERS, QUIET_PROVIDER, World
from tests.support.waiting import wait_until

# From calm to an empty queue: leases and timeouts expire, restarted workers start.
DRAIN_SECONDS = 120.0
# The worker's message when its attempt was taken away before it wrote.
LATE = ": too late: "


def judge(world: World, load: Load, slots: Counter[str], report: Report) -> None:
    """Check twice: after the faults, and after one more, undisturbed sync of each provider."""
    is_empty = _wait_until_empty(world, report)
    report.violations += broken_invariants(*_seen(world, load, slots, is_calm=False))
    if not is_empty:
        return
    with world.connect() as connection:
        for slug, _, _ in (*PROVIDERS, QUIET_PROVIDER):
            load.trigger_by_sql(connection, Trigger(f"chaos last {slug}", "sql", [slug]))
    if not _wait_until_empty(world, report):
        return
    tables, evidence = _seen(world, load, slots, is_calm=True)
    known = {str(violation) for violation in report.violations}
    report.violations += [v for v in broken_invariants(tables, evidence) if str(v) not in known]
    for name in world.services.names():
        if not world.services.is_up(name):
            report.problems.append(f"{name} does not run at the end")
    _count(world, tables, load, report)


def _wait_until_empty(world: World, report: Report) -> bool:
    started = time.monotonic()
    try:
        with world.connect() as connection:
            wait_until(
                lambda: open_syncs(connection) == 0, DRAIN_SECONDS, "the queue is empty", 0.2
            )
    except AssertionError:
        report.problems.append(f"the queue was not empty {DRAIN_SECONDS:.0f} s after the load")
        return False
    world.say(f"empty after {time.monotonic() - started:.1f} s")
    return True


def _seen(
    world: World, load: Load, slots: Counter[str], *, is_calm: bool
) -> tuple[Tables, Evidence]:
    evidence = Evidence(
        published={slug: book.lists for slug, book in world.sites.books.items()},
        served=list(world.sites.served),
        triggers=list(load.triggers),
        slots=slots,
        is_calm=is_calm,
    )
    with world.connect() as connection, connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        return read_tables(connection), evidence


def _count(world: World, tables: Tables, load: Load, report: Report) -> None:
    report.counts = {
        "triggers": len(load.triggers),
        "acknowledged": sum(bool(t.acknowledged) for t in load.triggers),
        "answers lost": sum(t.unanswered for t in load.triggers),
        "jobs": len(tables.jobs),
        "provider syncs": len(tables.queue),
        "attempts": len(tables.attempts),
        "late workers refused": sum(output.count(LATE) for _, output in world.services.outputs()),
        "history rows": len(tables.history),
        "models": len(tables.models),
    }
    report.server_log = world.postgres.complaints()
    report.outcomes = Counter(str(job["outcome"]) for job in tables.jobs)
    report.ends = Counter(attempt["error_kind"] or attempt["status"] for attempt in tables.attempts)
