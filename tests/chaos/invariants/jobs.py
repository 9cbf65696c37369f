"""Jobs: each has ended in one final state, and its counts are those of its attempts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.chaos.invariants.evidence import Evidence, Violation
from tests.chaos.invariants.tables import Row, Tables

FINAL = frozenset({"completed", "failed", "cancelled"})
OUTCOMES = {
    "completed": frozenset({"success", "partial"}),
    "failed": frozenset({"failed"}),
    "cancelled": frozenset({"cancelled"}),
}


def each_job_ended_once(tables: Tables, evidence: Evidence) -> Iterator[Violation]:
    """Each job ended once and never changed its final status, unless a person retried it."""
    name = "each job ended in exactly one final state"
    changes: dict[str, list[Row]] = defaultdict(list)
    for change in tables.status_changes:
        if change["relation"] == "pricing_sync_jobs":
            changes[change["key"]].append(change)
    retries = {row["job_id"]: row["times"] for row in tables.retries}
    for job in tables.jobs:
        if job["status"] not in FINAL or job["outcome"] not in OUTCOMES[job["status"]]:
            yield Violation(name, "a job is not final, or its outcome is another one's", [job])
            continue
        if job["completed_at"] is None:
            yield Violation(name, "an ended job has no time of its end", [job])
        own = changes[str(job["job_id"])]
        ended = [c for c in own if c["new_status"] in FINAL]
        opened = [c for c in own if c["old_status"] in FINAL and c["new_status"] not in FINAL]
        moved = [c for c in own if c["old_status"] in FINAL and c["new_status"] in FINAL]
        if moved or len(ended) != 1 + len(opened):
            yield Violation(name, "a job ended more than once", [job, *own])
        if len(opened) > retries.get(str(job["job_id"]), 0):
            yield Violation(name, "a job was opened again and nobody had retried it", [job, *own])


def counters_equal_the_log(tables: Tables, evidence: Evidence) -> Iterator[Violation]:
    """A job counts the last attempt of each of its providers, and each history row once."""
    name = "counters equal the log"
    last: dict[str, dict[str, Row]] = defaultdict(dict)
    for attempt in tables.attempts:
        last[str(attempt["job_id"])][attempt["provider_slug"]] = attempt
    for job in tables.jobs:
        attempts = list(last[str(job["job_id"])].values())
        if {a["provider_slug"] for a in attempts} != set(job["providers"]):
            yield Violation(name, "a job's providers are not those of the log", [job, *attempts])
        expected = _counts(attempts)
        wrong = {key: job[key] for key in expected if job[key] != expected[key]}
        if wrong:
            yield Violation(name, f"a job has {wrong}, the log {expected}", [job, *attempts])
        if job["stopped_at"] is None and job["outcome"] != _outcome(expected, attempts):
            yield Violation(name, "a job's outcome is not that of the log", [job, *attempts])


def _counts(attempts: list[Row]) -> dict[str, int]:
    statuses = [attempt["status"] for attempt in attempts]
    return {
        "providers_total": len(attempts),
        "providers_synced": statuses.count("success"),
        "providers_failed": statuses.count("failed") + statuses.count("cancelled"),
        "total_errors": statuses.count("failed"),
        **{
            key: sum(attempt[key] for attempt in attempts)
            for key in ("models_fetched", "models_updated", "models_skipped")
        },
    }


def _outcome(counts: dict[str, int], attempts: list[Row]) -> str:
    if counts["providers_synced"]:
        return "success" if counts["providers_synced"] == len(attempts) else "partial"
    return "failed" if counts["total_errors"] else "cancelled"
