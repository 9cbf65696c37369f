"""Check workers, and syncs that wait or are stuck."""

from __future__ import annotations

from service.doctor.check_result import CheckResult, age, counted, fail, ok, warn
from service.doctor.facts import Facts

WORKERS, WAITING, STUCK = "workers", "waiting", "stuck"

START_WORKER = "pricing-sync worker"
CLEAN_UP = "select * from public.cleanup_stuck_pricing_syncs();"
# An idle worker takes a free sync at once, or within 5 s by polling.
PATIENCE_SECONDS = 60.0


def check_workers(facts: Facts) -> CheckResult:
    alive = facts.workers_alive
    lease = f"lease {facts.lease_seconds:g} s"
    silent = ""
    if facts.workers_silent:
        silent = (
            f"{facts.workers_silent} without a heartbeat for {age(facts.silent_seconds or 0)}"
            f"{' or more' if facts.workers_silent > 1 else ''}"
        )
    if not alive:
        found = f"none is alive; {silent} ({lease})" if silent else "none is alive"
        return fail(WORKERS, found, START_WORKER)
    newest, oldest = facts.newest_heartbeat_seconds or 0, facts.oldest_heartbeat_seconds or 0
    heartbeat = f"last heartbeat {age(newest)} ago"
    if alive > 1:
        heartbeat = f"last heartbeats {age(newest)} to {age(oldest)} ago"
    if silent:
        return warn(
            WORKERS,
            f"{alive} alive, {heartbeat}; {silent} ({lease})",
            f"kill -CONT PID  # or restart it, if it hangs or is cut off: {START_WORKER};"
            " its syncs are taken back by themselves",
        )
    return ok(WORKERS, f"{alive} alive, {heartbeat} ({lease})")


def check_waiting(facts: Facts) -> CheckResult:
    """A sync may wait behind a lock for any time; one that could start must not wait."""
    oldest, free = facts.oldest_waiting, facts.oldest_free
    if oldest is None:
        return ok(WAITING, "nothing waits")
    syncs = counted(facts.waiting, "sync")
    if not facts.workers_alive:
        return fail(
            WAITING,
            f"{syncs} and no worker alive; the oldest, {oldest.provider}, for"
            f" {age(oldest.seconds)}",
            START_WORKER,
        )
    if free is not None and free.seconds > PATIENCE_SECONDS:
        return warn(
            WAITING,
            f"{syncs}; {free.provider} could have started {age(free.seconds)} ago: all workers are"
            " busy, or do not listen",
            f"{START_WORKER}  # one more, or more PRICING_WORKER_CONCURRENCY for those there",
        )
    behind = ""
    if oldest.locked_by is not None:
        behind = (
            f", behind {oldest.locked_by}, which syncs it for {age(oldest.locked_seconds or 0)}"
        )
    return ok(WAITING, f"{syncs}; the oldest, {oldest.provider}, for {age(oldest.seconds)}{behind}")


def check_stuck(facts: Facts, *, sweeper_alive: bool) -> CheckResult:
    if not facts.stuck:
        return ok(STUCK, "nothing")
    syncs = counted(sum(facts.stuck.values()), "sync")
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(facts.stuck.items()))
    if sweeper_alive:
        return warn(
            STUCK, f"{syncs} ({reasons}), to be expired within a minute, or now by:", CLEAN_UP
        )
    return fail(
        STUCK,
        f"{syncs} ({reasons}), and neither a worker nor pg_cron runs to expire them",
        CLEAN_UP,
    )
