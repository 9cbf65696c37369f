"""Attempts: one at a time, ended once, the same in queue and log, each with its own list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from tests.chaos.invariants.evidence import Evidence, Violation
from tests.chaos.invariants.history import applied_lists
from tests.chaos.invariants.tables import Row, Tables

FINAL = frozenset({"success", "failed", "cancelled"})
# The status of a queue row, by the status of its last attempt.
QUEUE_ENDS = {
    "success": frozenset({"succeeded"}),
    "failed": frozenset({"failed"}),
    "cancelled": frozenset({"cancelled", "aborted"}),
}


def no_two_attempts_overlap(tables: Tables, evidence: Evidence) -> Iterator[Violation]:
    """An attempt may write from its start until its end; the next one starts after that."""
    name = "no two attempts of one provider could write at once"
    for attempts in _by(tables.attempts, "provider_slug").values():
        started = sorted(
            (a for a in attempts if a["sync_started_at"] is not None),
            key=lambda a: (a["sync_started_at"], a["id"]),
        )
        for before, after in pairwise(started):
            if before["sync_completed_at"] is None:
                continue  # left open: another invariant reports it
            if before["sync_completed_at"] > after["sync_started_at"]:
                yield Violation(name, "two attempts overlap", [before, after])
        for attempt in started:
            applied_at, ended_at = attempt["applied_at"], attempt["sync_completed_at"]
            if (applied_at is None) != (attempt["status"] != "success"):
                yield Violation(name, "applied and not a success, or the reverse", [attempt])
            elif applied_at and not attempt["sync_started_at"] <= applied_at <= ended_at:
                yield Violation(name, "applied outside of its time", [attempt])


def an_ended_attempt_stays_ended(tables: Tables, evidence: Evidence) -> Iterator[Violation]:
    name = "an attempt ends once"
    for change in tables.status_changes:
        if change["relation"] == "pricing_sync_log" and change["old_status"] in FINAL:
            yield Violation(name, "an attempt that had ended was changed", [change])


def queue_and_log_agree(tables: Tables, evidence: Evidence) -> Iterator[Violation]:
    """Each queue row ended as its last attempt did; attempt numbers have no gap."""
    name = "queue and log agree"
    attempts = _by(tables.attempts, "queue_job_id")
    for row in tables.queue:
        own = sorted(attempts.pop(row["id"], []), key=lambda a: a["attempt"])
        if [a["attempt"] for a in own] != list(range(1, len(own) + 1)) or not own:
            yield Violation(name, "attempts are missing", [row, *own])
        elif own[-1]["status"] in FINAL and row["status"] not in QUEUE_ENDS[own[-1]["status"]]:
            yield Violation(name, "a queue row ended in another way than its log", [row, *own])
        elif any(a["status"] == "success" for a in own[:-1]):
            yield Violation(name, "a sync that had succeeded was run again", [row, *own])
    for own in attempts.values():
        yield Violation(name, "attempts of a queue row that is gone", own)


def each_success_applied_what_it_fetched(tables: Tables, evidence: Evidence) -> Iterator[Violation]:
    """The list that an attempt applied was fetched while that attempt ran."""
    name = "each success applied what it had fetched itself"
    for slug in evidence.published:
        served = [s for s in evidence.served if s.slug == slug]
        for attempt, published, _ in applied_lists(tables, evidence, slug):
            began, applied = (attempt[k].timestamp() for k in ("sync_started_at", "applied_at"))
            own = {s.number for s in served if began <= s.asked_at <= applied}
            if published is None or published.number not in own:
                what = f"list {published and published.number} applied, {sorted(own)} were fetched"
                yield Violation(name, what, [attempt])


def _by(rows: list[Row], key: str) -> dict[object, list[Row]]:
    groups: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups
