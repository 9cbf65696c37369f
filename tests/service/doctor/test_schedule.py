"""The checks of the schedule: which process ticks it, and whether pg_cron is present or silent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg.rows import dict_row

from service.doctor.facts import CronJob, Facts, Tick
from service.doctor.schedule import CRON_JOBS, check_cron, check_schedule
from service.doctor.server import ServerFacts
from tests.db.pricing import Pricing
from tests.service.doctor.conftest import Diagnose
from tests.service.doctor.test_server import FACTS as SERVER

pytestmark = pytest.mark.usefixtures("without_comparison")

TICK = (
    "insert into pricing_scheduler_ticks (scheduler, last_tick_at, last_error)"
    " values (%s, clock_timestamp() - %s::interval, %s) on conflict (scheduler)"
    " do update set last_tick_at = excluded.last_tick_at, last_error = excluded.last_error"
)
WITH_CRON = replace(SERVER, cron_is_installed=True, cron_is_available=True, cron_is_loaded=True)
JOBS = [CronJob(name=name, last_status="succeeded") for name in CRON_JOBS]


@pytest.fixture
def cron(cron_database: str) -> Iterator[Pricing]:
    """A connection to the database that pg_cron serves."""
    with psycopg.connect(cron_database, autocommit=True, row_factory=dict_row) as connection:
        yield Pricing(connection)


def _on(people: Pricing) -> None:
    people.do("update pricing_settings set scheduler_enabled = true")


def test_switched_off(diagnose: Diagnose, people: Pricing) -> None:
    people.do(TICK, "worker", "1 second", None)
    people.do("update pricing_settings set scheduler_enabled = false")
    result = diagnose()["schedule"]
    assert result.state == "warn" and "switched off" in result.found
    assert result.advice is not None
    people.do(result.advice)
    result = diagnose()["schedule"]
    assert result.state == "ok" and "run by the workers, last tick" in result.found


def test_no_process_ticks(diagnose: Diagnose, people: Pricing) -> None:
    _on(people)
    result = diagnose()["schedule"]
    assert result.state == "fail" and "(last: never)" in result.found
    assert result.advice == "pricing-sync worker"
    people.do(TICK, "pg_cron", "3 hours", None)
    people.do(TICK, "worker", "2 hours", None)
    assert "(last: 2 h ago)" in diagnose()["schedule"].found


def test_pg_cron_goes_first(diagnose: Diagnose, people: Pricing) -> None:
    _on(people)
    people.do(TICK, "worker", "1 second", None)
    people.do(TICK, "pg_cron", "60 seconds", None)
    assert "run by pg_cron" in diagnose()["schedule"].found
    people.do(TICK, "pg_cron", "100 seconds", None)
    assert "run by the workers" in diagnose()["schedule"].found


def test_a_tick_of_a_clock_that_was_set_back(diagnose: Diagnose, people: Pricing) -> None:
    _on(people)
    people.do(TICK, "worker", "-1 hour", None)
    assert diagnose()["schedule"].state == "fail"


def test_a_tick_that_could_not_do_all(diagnose: Diagnose, people: Pricing) -> None:
    _on(people)
    people.do(TICK, "worker", "1 second", "something is wrong with the slots")
    result = diagnose()["schedule"]
    assert result.state == "warn" and "something is wrong with the slots" in result.found


@pytest.mark.parametrize(
    ("server", "state", "says", "advice"),
    [
        (SERVER, "ok", "not on this server", ""),
        (replace(SERVER, cron_database="postgres"), "ok", "serves the database postgres", ""),
        (
            replace(SERVER, cron_is_available=True, cron_is_loaded=True, cron_database="prices"),
            "warn",
            "available, but not created",
            "create extension pg_cron;",
        ),
        (
            replace(SERVER, cron_is_available=True, cron_is_loaded=False),
            "warn",
            "available, but not created",
            "shared_preload_libraries",
        ),
    ],
)
def test_without_pg_cron(server: ServerFacts, state: str, says: str, advice: str) -> None:
    result = check_cron(server, Facts())
    assert result.state == state and says in result.found
    assert advice in (result.advice or "")


@pytest.mark.parametrize(
    ("jobs", "says"),
    [
        (JOBS[1:], "no job pricing_sync_cleanup"),
        ([JOBS[0].model_copy(update={"active": False}), *JOBS[1:]], "switched off"),
        (
            [
                CronJob(name=CRON_JOBS[0], last_status="failed", last_message="ERROR:\n no"),
                *JOBS[1:],
            ],
            "the last run of pricing_sync_cleanup failed: ERROR: no",
        ),
    ],
)
@pytest.mark.parametrize("ticks", [{}, {"pg_cron": Tick(seconds=5)}])
def test_jobs_that_are_not_as_they_should_be(
    jobs: list[CronJob], says: str, ticks: dict[str, Tick]
) -> None:
    result = check_cron(WITH_CRON, Facts(cron_jobs=jobs, ticks=ticks))
    assert result.state == "warn" and says in result.found


@pytest.mark.parametrize("jobs", [None, []])
def test_another_user_s_jobs_are_known_by_their_ticks(jobs: list[CronJob] | None) -> None:
    facts = Facts(cron_jobs=jobs, ticks={"pg_cron": Tick(seconds=30)})
    result = check_cron(WITH_CRON, facts)
    assert (result.state, result.found) == ("ok", "last tick 30 s ago")


def test_a_launcher_that_is_gone() -> None:
    facts = Facts(cron_jobs=JOBS, ticks={"pg_cron": Tick(seconds=600)})
    result = check_cron(replace(WITH_CRON, cron_is_running=False), facts)
    assert result.state == "warn" and "its launcher is gone" in result.found
    assert result.advice is not None and "restart" in result.advice


def test_pg_cron_from_its_absence_to_its_silence(
    diagnose: Diagnose, cron: Pricing, cron_database: str
) -> None:
    def pg_cron() -> tuple[str, str]:
        found = diagnose(DATABASE_URL=cron_database)
        return found["pg_cron"].state, f"{found['pg_cron'].found}\n{found['pg_cron'].advice}"

    # The jobs would tick while the test reads.
    cron.do("update cron.job set schedule = '0 0 1 1 *'")
    for name in CRON_JOBS[1:]:
        cron.do("select cron.schedule(%s, '0 0 1 1 *', 'select 1')", name)
    cron.do("delete from cron.job where jobname = %s", CRON_JOBS[0])
    cron.do("delete from pricing_scheduler_ticks")
    state, said = pg_cron()
    assert state == "warn" and CRON_JOBS[0] in said and "pricing-sync migrate" in said

    cron.do("select cron.schedule(%s, '0 0 1 1 *', 'select 1')", CRON_JOBS[0])
    state, said = pg_cron()
    assert state == "warn" and "has not ticked yet; and no worker took over" in said

    cron.do(TICK, "pg_cron", "7 seconds", None)
    state, said = pg_cron()
    assert state == "ok" and re.fullmatch(r"last tick \d+ s ago\nNone", said), said

    cron.do("update cron.job set active = false where jobname = %s", CRON_JOBS[2])
    state, said = pg_cron()
    assert state == "warn" and f"switched off: {CRON_JOBS[2]}" in said
    cron.do(said.splitlines()[-1])
    assert pg_cron()[0] == "ok"

    cron.do(TICK, "pg_cron", "5 minutes", None)
    cron.do(TICK, "worker", "1 second", None)
    state, said = pg_cron()
    assert state == "warn" and "silent for 5 min; the workers took over" in said

    cron.do("drop extension pg_cron cascade")
    state, said = pg_cron()
    assert state == "warn" and "create extension pg_cron;" in said


def test_another_database_s_pg_cron(diagnose: Diagnose, people: Pricing) -> None:
    served = people.value("select current_setting('cron.database_name', true)")
    if served is None:
        pytest.skip("this server has no pg_cron")
    result = diagnose()["pg_cron"]
    assert result.state == "ok" and f"serves the database {served}" in result.found


def test_a_schedule_without_a_ticking_process_is_a_failure_only_when_it_is_on() -> None:
    assert check_schedule(Facts()).state == "fail"
    assert check_schedule(Facts(scheduler_enabled=False)).state == "warn"
