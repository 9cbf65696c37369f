"""The command: a scenario of one's own server, and a deployment over HTTP."""

from __future__ import annotations

import json
import signal
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow

from service.bench.deployment.deployment_client import MOST_TRIGGERS, Deployment
from service.errors import BenchFailed
from tests.service.web.running import Web
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, Processes, Run
from tests.support.provider_server import ProviderServer
from tests.support.syncing import StartWorker
from tests.support.waiting import wait_until

TRIGGERS = "select count(*) as n from pricing_sync_jobs where dry_run"


def test_an_unknown_scenario_is_refused_with_those_that_exist(run: Run) -> None:
    refused = run("bench", "nonsense")
    assert refused.returncode == 2
    assert "nonsense" in refused.stderr
    assert "unchanged" in refused.stderr


@pytest.mark.long
def test_a_scenario_runs_on_a_server_of_its_own(run: Run, tmp_path: Path) -> None:
    stored, report = tmp_path / "result.json", tmp_path / "report"
    ended = run("bench", "queue", "--quick", "--json", str(stored), "--report", str(report))
    result = json.loads(stored.read_text())
    assert ended.stdout.strip().splitlines()[-1] == result["summary"]
    assert ended.returncode == (0 if result["good"] else 1)
    (scenario,) = result["scenarios"]
    assert scenario["error"] == ""
    assert {each["measurement"]["name"] for each in scenario["measured"]} >= {"queue.fetch"}
    assert (result["machine"]["fsync"], result["quick"]) == ("on", True)
    assert "<svg" in (report / "report.html").read_text()


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_leaves_nothing(
    processes: Processes, open_path: Path, number: signal.Signals
) -> None:
    """Neither its server, nor its worker and web process, nor their files."""
    processes.interpreters = True
    run = processes.service("bench", "idle", "--quick", TMPDIR=str(open_path))

    def started() -> dict[int, str]:
        return {pid: command for pid, command in children_of(run.pid).items() if command}

    def all_run() -> bool:
        assert run.is_running, run.output
        commands = " ".join(started().values())
        return all(each in commands for each in ("postgres", "service worker", "service serve"))

    wait_until(all_run, 120, "server, worker and web process run")
    pids = started()
    run.send(number)
    assert run.wait() == 128 + number
    left = [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert (left, list(open_path.iterdir())) == ([], []), run.output


def children_of(pid: int) -> dict[int, str]:
    """The command line of each child."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int((path / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found[int(path.name)] = (path / "cmdline").read_text().replace("\0", " ")
    return found


def test_a_deployment_is_measured_by_ten_dry_runs(
    run: Run,
    web: Web,
    start_worker: StartWorker,
    connection: psycopg.Connection[DictRow],
    providers: ProviderServer,
    tmp_path: Path,
) -> None:
    providers.fill("openrouter", 3)
    connection.execute("update pricing_providers set enabled = slug = 'openrouter'")
    start_worker()
    stored = tmp_path / "result.json"
    ended = run("bench", "--url", web.url, "--json", str(stored), PRICING_ADMIN_KEY=ADMIN_KEY)
    result = json.loads(stored.read_text())
    measured = {each["measurement"]["name"]: each for each in result["scenarios"][0]["measured"]}
    assert measured["operators.6-accepted"]["value"] == 100, ended.stdout
    assert measured["operators.6-run"]["value"] == 100, ended.stdout
    assert {"operators.2-answer", "operators.2-sync", "operators.7-health"} <= measured.keys()
    row = connection.execute(TRIGGERS).fetchone()
    assert row is not None and row["n"] == MOST_TRIGGERS
    assert connection.execute("select from model_pricing").fetchall() == []


def test_no_deployment_gets_an_eleventh_sync_request(web: Web) -> None:
    with Deployment.at(web.url, ADMIN_KEY, is_dry=True) as deployment:
        for _ in range(MOST_TRIGGERS):
            deployment.trigger("openrouter")
        with pytest.raises(BenchFailed):
            deployment.trigger("openrouter")
        assert deployment.get("/admin/pricing/syncs?limit=100")["count"] == MOST_TRIGGERS


def test_a_deployment_that_cannot_be_measured_is_named(run: Run, web: Web) -> None:
    without = run("bench", "--url", web.url, PRICING_ADMIN_KEY="")
    assert (without.returncode, "PRICING_ADMIN_KEY" in without.stderr) == (2, True)
    refused = run("bench", "--url", web.url, PRICING_ADMIN_KEY="another-key-of-24-letters")
    assert (refused.returncode, "refused the key" in refused.stderr) == (1, True)
    nothing = f"http://127.0.0.1:{free_port()}"
    away = run("bench", "--url", nothing, PRICING_ADMIN_KEY=ADMIN_KEY)
    assert (away.returncode, "cannot be reached" in away.stderr) == (1, True)
    assert ADMIN_KEY not in away.stderr
    assert run("bench", "queue", "--url", nothing).returncode == 2
