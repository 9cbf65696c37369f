"""Nothing is left over: no lock, no queued row, no attempt in progress."""

from __future__ import annotations

from collections.abc import Iterator

from tests.chaos.invariants.evidence import Evidence, Violation
from tests.chaos.invariants.tables import Tables


def nothing_is_left_open(tables: Tables, evidence: Evidence) -> Iterator[Violation]:
    name = "no lock, no in_progress, no orphan left"
    for what, rows in {
        "a lock is held": tables.locks,
        "a queue row is open": [r for r in tables.queue if r["status"] in ("todo", "doing")],
        "an ended queue row names a worker or an abort": [
            r for r in tables.queue if r["worker_id"] is not None or r["abort_requested"]
        ],
        "an attempt is open": [
            a for a in tables.attempts if a["status"] in ("queued", "in_progress")
        ],
        "an ended attempt has no time of its end": [
            a
            for a in tables.attempts
            if a["status"] not in ("queued", "in_progress") and a["sync_completed_at"] is None
        ],
        "a job is open": [j for j in tables.jobs if j["status"] in ("queued", "running")],
    }.items():
        for row in rows:
            yield Violation(name, what, [row])
