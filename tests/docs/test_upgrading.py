"""Runs both polling loops of docs/upgrading.md against real processes, and its statements."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow

from service.migrations.migrate import migrate
from tests.db.pricing import Pricing
from tests.docs.blocks import ROOT, blocks
from tests.docs.runbook import statements
from tests.service.migrations.pg_catalog import execute, rows
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, Processes, answers
from tests.support.syncing import Queue
from tests.support.waiting import wait_until

UPGRADING = (ROOT / "docs/upgrading.md").read_text()


@pytest.fixture
def pricing(connection: psycopg.Connection[DictRow]) -> Pricing:
    return Pricing(connection)


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
    wait_until(lambda: queue.workers() == 1, 60, "the worker registers")
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{url}/health"), 60, "the web process answers")

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


def test_the_older_lock_check_and_clean_up(pricing: Pricing) -> None:
    lock, cleanup = blocks("docs/upgrading.md", section="In SQL")[:2]
    one, all_of_them = statements(lock.text)
    assert pricing.rows(one) == [] and pricing.value(all_of_them) is False
    attempt = pricing.start("openrouter", worker_id=pricing.worker())
    assert len(pricing.rows(one)) == 1 and pricing.value(all_of_them) is True
    pricing.do(
        "update pricing_sync_log set sync_started_at = sync_started_at - interval '6 minutes'"
    )
    minutes, by_provider = statements(cleanup.text)
    assert pricing.row(by_provider) == {"stuck_syncs_found": 0, "syncs_cleaned": 0}
    assert pricing.row(minutes) == {"stuck_syncs_found": 1, "syncs_cleaned": 1}
    assert pricing.log(attempt.queue_job_id)["error_kind"] == "timeout"


def test_the_lock_is_dropped_as_a_view_and_made_again(pricing: Pricing, database: str) -> None:
    (row,) = [line for line in UPGRADING.splitlines() if line.startswith("| `pricing_sync_lock`")]
    words = [each for each in re.findall(r"`([^`]+)`", row) if each.startswith("DROP")]
    older, newer = (each.replace("...", "if exists") + " cascade" for each in words)
    with pytest.raises(psycopg.errors.WrongObjectType):
        pricing.do(older)
    pricing.do(newer)
    assert "view public.pricing_sync_lock: is not there" in migrate(database).mended
    assert pricing.rows("select * from pricing_sync_lock") == []


def test_the_older_tables(empty_database: str, tmp_path: Path) -> None:
    command, copied = blocks("docs/upgrading.md", section="The older tables")
    execute(empty_database, "create table pricing_sync_lock (lock_key text primary key)")
    processes = Processes(tmp_path, {"DATABASE_URL": empty_database})
    adopted = processes.service(*shlex.split(command.text)[1:])
    assert adopted.wait(60) == 0
    assert "pricing_sync_lock is pricing_legacy.pricing_sync_lock now" in adopted.output
    assert "0 rows of the older price history were copied" in adopted.output
    assert rows(empty_database, copied.text) == []
