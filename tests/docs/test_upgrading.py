"""Both polling loops of docs/upgrading.md, against a real web process and a real worker."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.docs.blocks import blocks
from tests.postgres import free_port
from tests.processes import ADMIN_KEY, Processes, answers
from tests.syncing import Queue
from tests.waiting import wait_until


@pytest.mark.parametrize(
    ("section", "word", "printed"),
    [
        ("The older polling loop", "success", "status: success"),
        ("The loop to write now", "completed", "outcome: success"),
    ],
)
def test_the_polling_loop(
    section: str, word: str, printed: str, processes: Processes, queue: Queue, tmp_path: Path
) -> None:
    queue.connection.execute(
        "update pricing_providers set enabled = false where slug <> 'catalogue'"
    )
    port = free_port()
    processes.service("serve", "--port", str(port), PRICING_HTTP_SUCCESS_WORD=word)
    processes.service("worker")
    wait_until(lambda: queue.workers() == 1, 20, "the worker registers")
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{url}/health"), 20, "the web process answers")

    done = subprocess.run(
        ["bash", "-c", blocks("docs/upgrading.md", section=section)[0].text],
        env={"PATH": "/usr/bin:/bin", "BASE_URL": url, "ADMIN_KEY": ADMIN_KEY},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == printed
