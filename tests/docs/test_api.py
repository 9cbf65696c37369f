"""Runs the examples of docs/api.md against a real web process and a real worker."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import httpx2

from tests.docs.blocks import blocks
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, Processes, answers
from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import Queue, StartWorker
from tests.support.waiting import wait_until

SCHEDULER = "/admin/pricing/scheduler/status"


def example(section: str) -> dict[str, Any]:
    """The first JSON that a section shows."""
    shown = next(
        block for block in blocks("docs/api.md", section=section) if block.language == "json"
    )
    answer: dict[str, Any] = json.loads(shown.text)
    return answer


def json_blocks(section: str) -> list[dict[str, Any]]:
    return [
        json.loads(block.text)
        for block in blocks("docs/api.md", section=section)
        if block.language == "json"
    ]


def test_the_examples(
    processes: Processes,
    start_worker: StartWorker,
    queue: Queue,
    providers: ProviderServer,
    tmp_path: Path,
) -> None:
    for slug in ("openrouter", "deepinfra"):
        providers.fill(slug, 3)
    entry = providers.body("openrouter")["data"][0]
    entry["id"] = "openai/gpt-4o"
    entry["pricing"] = {"prompt": "0.0000025", "completion": "0.00001"}
    wrong = providers.body("openrouter")["data"][1]
    wrong.update(id="maker/wrong", pricing=entry["pricing"])
    url = f"http://127.0.0.1:{free_port()}"
    processes.service("serve", "--port", url.rpartition(":")[2])
    start_worker()
    wait_until(lambda: answers(f"{url}/health"), 60, "the web process answers")

    # The sync of the first example brings a new model and one price that looks wrong.
    queue.wait_for_end(queue.trigger("openrouter"))
    queue.connection.execute(
        "update pricing_providers set guards_enabled = true where slug = 'openrouter'"
    )
    body = providers.body("openrouter")
    body["data"].append({**entry, "id": "maker/new"})
    body["total_count"] += 1
    wrong["pricing"] = {"prompt": "0.0025", "completion": "0.00001"}

    # Without the delay the sync could end before it is cancelled, and retry would find nothing.
    providers.answer("deepinfra", Answer(delay=3))

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
    assert "outcome: success" in done.stdout
    assert queue.row("select count(*) as n from pricing_sync_jobs") == {"n": 4}

    triggered = json.loads((tmp_path / "triggered.json").read_text())
    assert triggered.keys() == example("Trigger a sync").keys()
    followed = json.loads((tmp_path / "sync.json").read_text())
    assert followed["sync_id"] == triggered["sync_id"]

    def answered(name: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads((tmp_path / f"{name}.json").read_text())
        assert "error" not in answer, answer
        return answer

    cancelled = answered("cancelled")
    assert (cancelled["status"], cancelled["outcome"]) == ("cancelled", "cancelled")
    retried = answered("retried")
    assert (retried["sync_id"], retried["finished"]) == (cancelled["sync_id"], False)

    held_shown, preview_shown, approved_shown = json_blocks("Held changes")
    assert answered("preview") == preview_shown
    (held,) = answered("held")["held"]
    assert held.keys() == held_shown["held"][0].keys()
    assert held["model_id"] == "maker/wrong"
    assert held["class"] == "unit"
    assert "input_per_1m moves by 1,000 times" in held["reason"]
    assert held["moves"][0].keys() == held_shown["held"][0]["moves"][0].keys()
    assert held["evidence"][0].keys() == held_shown["held"][0]["evidence"][0].keys()
    approved = answered("approved")
    assert approved.keys() == approved_shown.keys()
    assert (approved["id"], approved["status"]) == (held["id"], "approved")
    (rule_shown,) = json_blocks("Rules")
    assert answered("rule").keys() == answered("ended").keys() == rule_shown.keys()
    assert answered("ended")["ended_by"] == "admin"
    (override_shown,) = json_blocks("Overrides")
    assert answered("override").keys() == override_shown.keys()
    assert answered("override")["prices"] == override_shown["prices"]
    assert answered("cleared")["id"] == answered("override")["id"]
    (rollback_shown,) = json_blocks("Roll a sync back")
    assert answered("shown").keys() == rollback_shown.keys()
    rolled_back = answered("rolled-back")
    assert rolled_back["models"][0].keys() == rollback_shown["models"][0].keys()
    assert rolled_back["rolled_back"] > 0
    (history_shown,) = json_blocks("What changed")
    change = answered("history")["history"][0]
    assert change.keys() == history_shown["history"][0].keys()
    in_history_only = {"is_in_force", "in_force_from"}
    assert answered("changes")["changes"][0].keys() == change.keys() - in_history_only
    assert {row["model"] for row in answered("models")["models"]} >= {"openai/gpt-4o"}
    with (tmp_path / "models.csv").open(newline="") as table:
        assert {row["model"] for row in csv.DictReader(table)} >= {"openai/gpt-4o"}
    assert answered("price-at")["model"] == "openai/gpt-4o"
    assert answered("provider")["interval_seconds"] == 3600
    assert answered("failed")["syncs"] == []
    for name in ("drift", "unpriced", "changes", "history"):
        assert {"count", "next_cursor", name} == answered(name).keys()

    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    schedule = httpx2.get(url + SCHEDULER, headers=headers, timeout=30).json()["scheduler"]
    shown = example("The schedule")["scheduler"]
    assert schedule.keys() == shown.keys()
    assert {key: schedule[key] for key in ("workers", "providers")} == {
        key: shown[key] for key in ("workers", "providers")
    }
    assert shown["next_runs"].keys() == shown["last_syncs"].keys() == schedule["last_syncs"].keys()
