"""Railway's files: values that Railway would refuse, and the commands it would start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.settings import read_settings
from service.web.app import create_app
from tests.deploy.image import Image
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, ROOT, Processes, answers
from tests.support.waiting import wait_until

WEB, WORKER, MIGRATE = FILES = (
    "railway.json",
    "deploy/railway-worker.json",
    "deploy/railway-migrate.json",
)

# From https://docs.railway.com/config-as-code/reference; text in place of a number is refused.
KNOWN: dict[str, dict[str, type]] = {
    "build": {"builder": str, "dockerfilePath": str},
    "deploy": {
        "startCommand": str,
        "healthcheckPath": str,
        "healthcheckTimeout": int,
        "restartPolicyType": str,
        "restartPolicyMaxRetries": int,
        "drainingSeconds": int,
        "overlapSeconds": int,
    },
}


def read(file: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / file).read_text())
    return content


def deployment(file: str) -> dict[str, Any]:
    found: dict[str, Any] = read(file)["deploy"]
    return found


@pytest.mark.parametrize("file", FILES)
def test_railway_knows_every_word_of_it(file: str) -> None:
    content = read(file)
    assert content.pop("$schema") == "https://railway.com/railway.schema.json"
    assert content.keys() == KNOWN.keys()
    for section, values in content.items():
        for key, value in values.items():
            assert type(value) is KNOWN[section][key], f"{section}.{key}"
    assert content["build"]["builder"] == "DOCKERFILE"
    assert (ROOT / content["build"]["dockerfilePath"]).is_file()
    assert content["deploy"]["restartPolicyType"] in ("ON_FAILURE", "ALWAYS", "NEVER")


def test_the_health_check_is_a_route_and_has_a_minute() -> None:
    web = deployment(WEB)
    assert web["healthcheckTimeout"] == 60
    app = create_app(read_settings({"DATABASE_URL": "postgresql://h/d", "PORT": "1"}))
    assert web["healthcheckPath"] in {getattr(route, "path", None) for route in app.routes}


def test_a_stop_has_the_time_that_it_needs() -> None:
    """A worker hands back its syncs within 10 seconds."""
    for file in (WEB, WORKER):
        assert deployment(file)["drainingSeconds"] > 10


def test_what_it_starts_works(image: Image, database: str, tmp_path: Path) -> None:
    port = free_port()
    processes = Processes(tmp_path, {"DATABASE_URL": "", **image.environment()})

    def start(file: str, **variables: str) -> Any:
        arguments = image.arguments(deployment(file)["startCommand"])
        return processes.service(*arguments, may_fail=False, cwd=image.files, **variables)

    try:
        migrated = start(MIGRATE, DATABASE_URL=database)
        assert migrated.wait(60) == 0, migrated.output
        web = start(
            WEB,
            PRICING_WEB_DATABASE_URL=database,
            PRICING_ADMIN_KEY=ADMIN_KEY,
            PORT=str(port),
        )
        worker = start(WORKER, PRICING_WORKER_DATABASE_URL=database)
        url = f"http://127.0.0.1:{port}"
        health = url + deployment(WEB)["healthcheckPath"]
        wait_until(lambda: answers(health), deployment(WEB)["healthcheckTimeout"], "it is healthy")
        assert httpx2.get(health, timeout=10).status_code == 200, "without a key"
        assert "listening on http://0.0.0.0:" in web.output, "Railway asks from outside"
        wait_until(
            lambda: httpx2.get(f"{url}/health/ready", timeout=10).json()["workers"] == 1,
            60,
            "the worker registers",
        )
        for file, process in ((WORKER, worker), (WEB, web)):
            assert process.stop(deployment(file)["drainingSeconds"]) == 0, process.output
    finally:
        processes.end()
