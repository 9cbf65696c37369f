"""The shipped files and their installation: lock files, the wheel, the compose file, CI."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from service import __version__
from tests.support.processes import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
PEERS_LOCK = "requirements-peers.lock"
SECRETS = (
    "POSTGRES_PASSWORD",
    "PRICING_WEB_PASSWORD",
    "PRICING_WORKER_PASSWORD",
    "PRICING_ADMIN_KEY",
)


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def _compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return content


def _name(requirement: str) -> str:
    matched = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert matched is not None, requirement
    return re.sub(r"[-_.]+", "-", matched.group()).lower()


def _locked(lock: str) -> dict[str, str]:
    """The blocks of a lock file by name: version, markers and hashes."""
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text())
    return {_name(block): block for block in blocks if "==" in block}


@pytest.mark.parametrize("lock", [*LOCKS, PEERS_LOCK])
def test_a_lock_pins_with_hashes_and_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    for block in _locked(lock).values():
        assert "--hash=sha256:" in block, block
    assert "://" not in text
    assert not re.search(r"^\s*(-i|--(extra-)?index-url|--find-links|-f)\b", text, re.MULTILINE)
    assert not re.search(r"(^|\s)/\w", text), "a path of the machine that wrote it"


def test_the_locks_hold_every_dependency_in_the_same_version() -> None:
    project = _project()
    runtime, development = (_locked(lock) for lock in LOCKS)
    for requirement in project["project"]["dependencies"]:
        assert _name(requirement) in runtime
    for requirement in project["dependency-groups"]["dev"]:
        assert _name(requirement) in development
    peers = _locked(PEERS_LOCK)
    for requirement in project["dependency-groups"]["peers"]:
        assert _name(requirement) in peers
    for name, block in runtime.items():
        assert development[name].splitlines()[0] == block.splitlines()[0]
        assert peers[name].splitlines()[0] == block.splitlines()[0]
    assert runtime["procrastinate"].startswith("procrastinate==3.10.")


def test_the_wheel_carries_the_sql(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", f"--wheel-dir={tmp_path}", str(ROOT)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONWARNINGS": "default"})
    (wheel,) = tmp_path.glob("pricing_sync-*.whl")
    assert wheel.name.startswith(f"pricing_sync-{__version__}-")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
        assert "pricing-sync = service.cli.main:main" in archive.read(entry_points).decode()
    for folder in ("db", "migrations"):
        for file in (ROOT / folder).rglob("*.sql"):
            assert f"service/_sql/{file.relative_to(ROOT).as_posix()}" in names
    assert {name.split("/")[0] for name in names} == {
        "service",
        f"pricing_sync-{__version__}.dist-info",
    }


def test_compose_runs_its_services_in_order() -> None:
    services = _compose()["services"]
    assert set(services) == {"db", "migrate", "logins", "web", "worker"}
    assert re.fullmatch(r"supabase/postgres:[0-9.]+", services["db"]["image"])
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    for name in ("web", "worker"):
        waits_for = services[name]["depends_on"]
        assert waits_for == {"logins": {"condition": "service_completed_successfully"}}
        assert services[name]["restart"] == "unless-stopped"
        assert services[name]["healthcheck"]["test"][0] == "CMD"
        assert services[name]["stop_grace_period"]


def test_compose_gives_each_process_its_own_login() -> None:
    services = _compose()["services"]
    urls = {
        name: {key: value for key, value in service.get("environment", {}).items() if "URL" in key}
        for name, service in services.items()
    }
    assert {name: set(given) for name, given in urls.items()} == {
        "db": set(),
        "migrate": {"DATABASE_URL"},
        "logins": {"DATABASE_URL"},
        "web": {"PRICING_WEB_DATABASE_URL"},
        "worker": {"PRICING_WORKER_DATABASE_URL"},
    }
    waits_for = services["logins"]["depends_on"]
    assert waits_for == {"migrate": {"condition": "service_completed_successfully"}}
    assert services["logins"]["volumes"] == ["./compose.sql:/compose.sql:ro"]
    assert services["logins"]["image"] == services["db"]["image"]


def test_compose_holds_no_secret() -> None:
    text = (ROOT / "compose.yaml").read_text()
    used = re.findall(r"\$\{(\w+)(:[?-])", text)
    assert used
    for variable, operator in used:
        assert operator == (":?" if variable in SECRETS else ":-"), variable
    for service in _compose()["services"].values():
        for variable, value in service.get("environment", {}).items():
            if variable in SECRETS or "PASSWORD" in variable:
                assert re.fullmatch(rf"\$\{{{variable}:\?.+\}}", value)


def test_only_an_old_python_is_one_clear_line(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    for name in ("requirements-dev.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    # As on the command line, without the variables of an outer make.
    environment = {"PATH": os.environ["PATH"]}
    answer = subprocess.run(
        ["make", "install", f"PYTHON={old} no-such-python"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert answer.returncode != 0
    assert answer.stdout == ""
    told = [line for line in answer.stderr.splitlines() if not line.startswith("make")]
    assert len(told) == 1 and "Python 3.11 or newer" in told[0]
    assert not (tmp_path / ".venv").exists()


def test_continuous_integration_is_all_checks_and_ends_with_all_tests() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert re.findall(r"^make (\S+)", script, re.MULTILINE) == ["install", "check"]
    assert "PRICING_TEST_REQUIRE_PG_CRON=1" in script

    dry_run = ["make", "--dry-run", "--no-print-directory", "check", "VERSION=18"]
    said = subprocess.run(dry_run, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for part in ("-m ruff check", "-m mypy", "TEST_POSTGRES_VERSION=18"):
        assert part in said
    *_, last = said.rstrip().splitlines()
    assert "-m pytest" in last and "not long" not in last and "tests/" not in last
