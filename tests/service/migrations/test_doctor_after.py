"""What ``pricing-sync doctor`` says after a restore, an adoption, a repair and an uninstall."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from service.migrations.migrate import migrate
from tests.db.pricing import Pricing, price
from tests.service.migrations.adoption.test_adopt import OLDER
from tests.service.migrations.pg_catalog import execute
from tests.service.migrations.removal.test_uninstall import stop_workers
from tests.service.migrations.test_restore import copy
from tests.support.processes import Processes
from tests.support.waiting import wait_until

pytestmark = pytest.mark.long

# All processes have the owner's login here, which two checks report. `unread` reports the prices
# without an axis of the catalogue, as soon as the worker has applied it.
OF_THIS_SETUP = {"worker rights", "web rights", "unread"}


def restored(database: str, to: str, processes: Processes) -> None:
    priced(database)
    copy(database, to, "--no-owner", "--no-privileges")
    run(processes, "migrate")


def adopted(database: str, to: str, processes: Processes) -> None:
    execute(to, *OLDER.split(";\n"))
    run(processes, "migrate", "--adopt")


def repaired(database: str, to: str, processes: Processes) -> None:
    migrate(to)
    priced(to)
    execute(to, "drop table pricing_sync_jobs, model_pricing, pricing_settings cascade")
    run(processes, "migrate", "--repair")


def kept_and_back(database: str, to: str, processes: Processes) -> None:
    migrate(to)
    priced(to)
    run(processes, "uninstall", "--keep-prices", "--yes")
    status, lines = doctor(processes)
    assert status == 1
    assert {check for check, state in lines.items() if state.startswith("fail")} == {"migrations"}
    run(processes, "migrate")


@pytest.mark.parametrize("act", [restored, adopted, repaired, kept_and_back])
def test_all_is_well(
    act: Callable[[str, str, Processes], None], database: str, empty_database: str, tmp_path: Path
) -> None:
    processes = Processes(tmp_path, {"DATABASE_URL": empty_database})
    try:
        act(database, empty_database, processes)
        # No provider is asked over the network, and the schedule ticks.
        execute(
            empty_database,
            "update pricing_providers set enabled = slug = 'catalogue'",
            "update pricing_settings set scheduler_enabled = true",
        )
        processes.service("worker")
        with psycopg.connect(empty_database, autocommit=True) as connection:
            ticked = "select from pricing_scheduler_ticks t, procrastinate.procrastinate_workers"
            wait_until(lambda: connection.execute(ticked).fetchall(), 60, "the worker ticks")
        status, lines = doctor(processes)
        others = {check: line for check, line in lines.items() if not line.startswith("ok")}
        assert (status, others.keys() - OF_THIS_SETUP) == (0, set()), others
        assert lines["objects"] == "ok as this version has them"
    finally:
        processes.end()


def run(processes: Processes, *command: str) -> None:
    assert processes.service(*command).wait(100) == 0


def doctor(processes: Processes) -> tuple[int, dict[str, str]]:
    """The doctor's exit status, and the state of each check with what it found."""
    process = processes.service("doctor", may_fail=True)
    status = process.wait(60)
    lines = re.findall(r"^(ok|warn|fail) +(\S+(?: rights)?)  +(.+)", process.output, re.MULTILINE)
    return status, {check: f"{state} {found}" for state, check, found in lines}


def priced(url: str) -> None:
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        pricing = Pricing(connection)
        pricing.sync("openrouter", [price("a")])
        stop_workers(pricing)
