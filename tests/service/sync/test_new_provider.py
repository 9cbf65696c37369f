"""The recipe of CONTRIBUTING.md works: with one file and one row a provider is synced."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import httpx2
import pytest

from tests.docs.blocks import ROOT
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, Processes, answers
from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import Queue
from tests.support.waiting import wait_until

LIST = {
    "data": [
        {"id": "acme/a-1", "name": "A 1", "pricing": {"input": 0.3, "output": 1.2, "song": 0.08}},
        {"id": "acme/a-2", "pricing": {"input": "cheap"}},
    ]
}


def recipe(language: str) -> str:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.split("\n## Add a provider\n")[1].split("\n## ")[0]
    _, after = section.split(f"```{language}\n")
    return dedent(after.split("```")[0])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A contributor's checkout, with the recipe's file in it."""
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "service", checkout / "service", ignore=ignored)
    for folder in ("db", "migrations"):
        (checkout / folder).symlink_to(ROOT / folder)
    (checkout / "service" / "providers" / "acme.py").write_text(recipe("python"))
    return checkout


@pytest.fixture
def client(processes: Processes, checkout: Path) -> Iterator[httpx2.Client]:
    """A client with the admin key, of a web process; a worker runs as well."""
    for arguments in (("serve", "--port", str(port := free_port())), ("worker",)):
        processes.service(*arguments, cwd=checkout, PYTHONPATH=str(checkout))
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{url}/health"), 60, "the web process answers")
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
        yield client


def test_one_file_and_one_row_are_a_provider(
    queue: Queue, providers: ProviderServer, client: httpx2.Client
) -> None:
    queue.connection.execute(recipe("sql").encode())
    queue.connection.execute(
        "update pricing_providers set base_url = %s where slug = 'acme'",
        [providers.base_url("acme")],
    )
    providers.answer("acme", Answer(json.dumps(LIST).encode()))

    trigger = client.post("/admin/pricing/scheduler/trigger", json={"providers": ["acme"]})
    assert trigger.status_code == 202, trigger.text
    ended = client.get(trigger.json()["poll_url"], params={"wait": 50}).json()

    assert (ended["outcome"], ended["results"]["acme"]["error_message"]) == ("success", None)
    assert [request.path for request in providers.requests("acme")] == ["/acme/v1/models"]
    row = queue.row("select * from model_pricing where provider_slug = 'acme'")
    assert (row["model_id"], row["name"]) == ("acme/a-1", "A 1")
    assert f"{row['price_per_input_token']:f}" == "0.0000003"
    assert f"{row['price_per_output_token']:f}" == "0.0000012"
    assert row["pricing_source"] == "api:acme"
    assert row["extra"] == {"pricing.song": 0.08}
    shown = queue.row("select * from model_prices where provider = 'acme'")
    assert (str(shown["input_per_1m"]), str(shown["output_per_1m"])) == ("0.3", "1.2")
    (attempt,) = queue.attempts(trigger.json()["job_id"])
    assert (attempt["models_updated"], attempt["models_skipped"]) == (1, 1)


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_the_recipe_s_file_is_written_as_every_file_is(checkout: Path, command: list[str]) -> None:
    written = str(checkout / "service" / "providers" / "acme.py")
    config = str(ROOT / "pyproject.toml")
    ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "--config", config, written]
    ended = subprocess.run(ruff, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout
