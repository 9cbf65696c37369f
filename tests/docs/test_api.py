"""The examples of docs/api.md, against a real web process and a real worker."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx2

from tests.docs.blocks import blocks
from tests.postgres import free_port
from tests.processes import ADMIN_KEY, Processes, answers
from tests.provider_server import ProviderServer
from tests.syncing import Queue, StartWorker
from tests.waiting import wait_until

SCHEDULER = "/admin/pricing/scheduler/status"


def example(section: str) -> dict[str, Any]:
    """The first JSON that a section shows."""
    shown = next(
        block for block in blocks("docs/api.md", section=section) if block.language == "json"
    )
    answer: dict[str, Any] = json.loads(shown.text)
    return answer


def test_the_examples(
    processes: Processes,
    start_worker: StartWorker,
    queue: Queue,
    providers: ProviderServer,
    tmp_path: Path,
) -> None:
    for slug in ("openrouter", "deepinfra"):
        providers.fill(slug, 3)
    url = f"http://127.0.0.1:{free_port()}"
    processes.service("serve", "--port", url.rpartition(":")[2])
    start_worker()
    wait_until(lambda: answers(f"{url}/health"), 20, "the web process answers")

    text = "\n".join(block.text for block in blocks("docs/api.md") if block.language == "bash")
    assert "http://127.0.0.1:8000" in text
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text.replace("http://127.0.0.1:8000", url)],
        env={"PATH": "/usr/bin:/bin", "PRICING_ADMIN_KEY": ADMIN_KEY},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"finished":true' in done.stdout
    assert done.stdout.endswith("outcome: success")
    assert queue.row("select count(*) as n from pricing_sync_jobs") == {"n": 3}

    triggered = json.loads((tmp_path / "triggered.json").read_text())
    assert triggered.keys() == example("Trigger a sync").keys()
    followed = json.loads((tmp_path / "sync.json").read_text())
    assert followed["sync_id"] == triggered["sync_id"]

    cancelled = json.loads((tmp_path / "cancelled.json").read_text())
    assert (cancelled["status"], cancelled["outcome"]) == ("cancelled", "cancelled")
    retried = json.loads((tmp_path / "retried.json").read_text())
    assert (retried["sync_id"], retried["finished"]) == (cancelled["sync_id"], False)

    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    schedule = httpx2.get(url + SCHEDULER, headers=headers).json()["scheduler"]
    shown = example("The schedule")["scheduler"]
    assert schedule.keys() == shown.keys()
    assert {key: schedule[key] for key in ("workers", "providers")} == {
        key: shown[key] for key in ("workers", "providers")
    }
    assert shown["next_runs"].keys() == shown["last_syncs"].keys() == schedule["last_syncs"].keys()
