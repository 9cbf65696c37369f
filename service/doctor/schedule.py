"""Check the schedule: pg_cron ticks it, or the workers where pg_cron is absent or silent."""

from __future__ import annotations

from service.doctor.check_result import CheckResult, age, fail, ok, warn
from service.doctor.facts import CronJob, Facts, Tick
from service.doctor.queue import START_WORKER
from service.doctor.server import ServerFacts

CRON, SCHEDULE = "pg_cron", "schedule"

# A scheduler is silent when its last tick is older.
SILENT_SECONDS = 90.0

CRON_JOBS = (
    "pricing_sync_cleanup",
    "pricing_sync_schedule",
    "pricing_sync_retention",
    "pricing_sync_run_details",
)
_SWITCH_ON = "select cron.alter_job(jobid, active => true) from cron.job where jobname = '{name}';"
_MIGRATE = "pricing-sync migrate"
_INSTALL = f"create extension pg_cron;  -- as a superuser; then: {_MIGRATE}"
_LOOK = "select * from cron.job_run_details order by runid desc limit 5;"


def ticking(facts: Facts) -> str | None:
    """The scheduler that runs the schedule now; pg_cron takes precedence."""
    for scheduler in ("pg_cron", "worker"):
        tick = facts.ticks.get(scheduler)
        # A tick in the future, after a clock was set back, says nothing about now.
        if tick is not None and abs(tick.seconds) <= SILENT_SECONDS:
            return scheduler
    return None


def check_cron(server: ServerFacts, facts: Facts) -> CheckResult:
    tick = facts.ticks.get("pg_cron")
    if not server.cron_is_installed:
        return _check_absent_cron(server)
    jobs = {job.name: job for job in facts.cron_jobs or []}
    wrong = _check_cron_jobs(jobs)
    if ticking(facts) == "pg_cron" and tick is not None:
        # Of another user's jobs only the ticks are visible.
        if wrong is not None and jobs:
            return wrong
        return ok(CRON, f"last tick {age(tick.seconds)} ago")
    if wrong is not None and facts.cron_jobs is not None:
        return wrong
    return _check_silence(server, jobs.get("pricing_sync_schedule"), tick, ticking(facts))


def check_schedule(facts: Facts) -> CheckResult:
    if not facts.scheduler_enabled:
        return warn(
            SCHEDULE,
            "switched off: syncs run only when triggered",
            "update public.pricing_settings set scheduler_enabled = true;",
        )
    scheduler = ticking(facts)
    if scheduler is None:
        newest = min((tick.seconds for tick in facts.ticks.values()), default=None)
        last = "never" if newest is None else f"{age(newest)} ago"
        return fail(
            SCHEDULE,
            f"neither pg_cron nor a worker ticks (last: {last}): no sync is scheduled",
            START_WORKER,
        )
    tick = facts.ticks[scheduler]
    who = "pg_cron" if scheduler == "pg_cron" else "the workers"
    if tick.last_error is not None:
        return warn(
            SCHEDULE,
            f"run by {who}, but its last tick could not do all: {tick.last_error}",
            "select * from public.enqueue_due_pricing_syncs();",
        )
    return ok(SCHEDULE, f"run by {who}, last tick {age(tick.seconds)} ago")


def _check_absent_cron(server: ServerFacts) -> CheckResult:
    instead = "the workers run the schedule"
    if server.cron_database not in (None, server.database):
        return ok(CRON, f"serves the database {server.cron_database}, not this one: {instead}")
    if not server.cron_is_available:
        return ok(CRON, f"not on this server: {instead}")
    found = f"available, but not created here: {instead}, while one is alive"
    if server.cron_is_loaded is False:
        return warn(
            CRON,
            found,
            "alter system set shared_preload_libraries = 'pg_cron';  -- beside what is there; and"
            f" cron.database_name = '{server.database}' in postgresql.conf; restart; {_INSTALL}",
        )
    return warn(CRON, found, _INSTALL)


def _check_cron_jobs(jobs: dict[str, CronJob]) -> CheckResult | None:
    missing = [name for name in CRON_JOBS if name not in jobs]
    if missing:
        return warn(CRON, f"it has no job {', '.join(missing)}", _MIGRATE)
    idle = [name for name in CRON_JOBS if not jobs[name].active]
    if idle:
        return warn(
            CRON,
            f"switched off: {', '.join(idle)}",
            _SWITCH_ON.format(name=idle[0]),
        )
    broken = [name for name in CRON_JOBS if jobs[name].last_status == "failed"]
    if broken:
        message = " ".join((jobs[broken[0]].last_message or "").split())
        return warn(CRON, f"the last run of {broken[0]} failed: {message}", _LOOK)
    return None


def _check_silence(
    server: ServerFacts, job: CronJob | None, tick: Tick | None, instead: str | None
) -> CheckResult:
    found = "has not ticked yet" if tick is None else f"silent for {age(tick.seconds)}"
    found += "; the workers took over" if instead else "; and no worker took over"
    if server.cron_is_running is False:
        return warn(
            CRON,
            f"{found}; its launcher is gone, and comes back only with a restart",
            "pg_ctl restart  # or by whatever starts your Postgres",
        )
    if tick is None and job is not None and job.last_status is None:
        return warn(CRON, f"{found}; its first tick comes within a minute", _LOOK)
    return warn(CRON, found, _LOOK)
