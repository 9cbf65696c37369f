"""The units: systemd accepts them, and the commands that they start run and stop."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from tests.deploy.units import INSTALLED, UNITS, Unit, read_unit
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, ROOT, Processes, answers
from tests.support.waiting import wait_until

NAMES = ["pricing-sync-web.service", "pricing-sync-worker@.service", "pricing-sync-migrate.service"]
# Out of 10, on systemd's scale, where "OK" ends at 4; in tenths, as --threshold expects.
EXPOSURE = 20


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The folder of units, with the local program's path."""
    directory = tmp_path / "units"
    shutil.copytree(UNITS, directory)
    for unit in directory.glob("*.service"):
        program = Path(sys.executable).parent / "pricing-sync"
        unit.write_text(unit.read_text().replace(INSTALLED, str(program)))
    return directory


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60
    )


def test_no_unit_is_forgotten() -> None:
    assert sorted(unit.name for unit in UNITS.glob("*.service")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_systemd_understands_it_and_finds_it_confined(name: str, units: Path) -> None:
    unit = str(units / name.replace("@.", "@1."))
    verified = analyze("verify", "--man=no", unit)
    # systemd ignores unknown settings with a message.
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    judged = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", unit)
    assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_is_in_its_environment(name: str) -> None:
    unit = read_unit(UNITS / name)
    for variable, _, value in (v.partition("=") for v in unit.values("Service", "Environment")):
        assert variable.endswith("_FILE") and value.startswith("%d/")


@pytest.fixture
def configured(tmp_path: Path, database: str) -> Path:
    """/etc/pricing-sync: each process has a URL in its own file."""
    directory = tmp_path / "etc"
    directory.mkdir()
    for name in ("owner", "web", "worker"):
        (directory / f"{name}-database-url").write_text(f"{database}\n")
    (directory / "admin-key").write_text(f"{ADMIN_KEY}\n")
    (directory / "web.env").write_text(f"# for this test\nPRICING_PORT={free_port()}\n")
    return directory


def test_what_they_start_works_and_stops_in_time(
    configured: Path, tmp_path: Path, connection: psycopg.Connection[DictRow]
) -> None:
    processes = Processes(tmp_path, {"DATABASE_URL": "", "PRICING_ADMIN_KEY": ""})
    web, worker, migrate = (read_unit(UNITS / name) for name in NAMES)

    def environment(unit: Unit) -> dict[str, str]:
        return unit.environment(configured, tmp_path / "credentials")

    def seconds(unit: Unit) -> int:
        return int(unit.value("Service", "TimeoutStopSec"))

    assert web.value("Service", "KillSignal") == worker.value("Service", "KillSignal") == "SIGTERM"
    try:
        migrated = processes.service(
            *migrate.command(), may_fail=False, cwd=ROOT, **environment(migrate)
        )
        assert migrated.wait(60) == 0, migrated.output
        variables = environment(web)
        serving = processes.service(*web.command(), may_fail=False, cwd=ROOT, **variables)
        working = processes.service(
            *worker.command(), may_fail=False, cwd=ROOT, **environment(worker)
        )
        url = f"http://127.0.0.1:{variables['PRICING_PORT']}"
        wait_until(lambda: answers(f"{url}/health"), 60, "it answers")

        def workers() -> object:
            return httpx2.get(f"{url}/health/ready", timeout=10).json()["workers"]

        wait_until(lambda: workers() == 1, 60, "the worker registers")
        for process, unit in ((working, worker), (serving, web)):
            assert process.stop(seconds(unit)) == 0, process.output
    finally:
        processes.end()
