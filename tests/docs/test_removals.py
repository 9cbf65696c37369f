"""Runs the runbook's sections that repair and uninstall, each on a database of its own."""

from __future__ import annotations

import shlex
from pathlib import Path

from tests.docs.runbook import section_blocks
from tests.service.migrations.pg_catalog import execute, rows
from tests.support.processes import Processes


def test_something_of_ours_was_dropped(database: str, tmp_path: Path) -> None:
    show, put_back = (block.text for block in section_blocks("Something of ours was dropped"))
    execute(database, "DROP TABLE IF EXISTS pricing_sync_jobs CASCADE")
    processes = Processes(tmp_path, {"DATABASE_URL": database})
    assert "pricing_sync_jobs: is not there" in typed(processes, show)
    assert rows(database, "select to_regclass('pricing_sync_jobs')") == [(None,)]
    assert "Repaired: table public.pricing_sync_jobs" in typed(processes, put_back)
    assert rows(database, "select from pricing_sync_jobs") == []


def test_uninstall(database: str, tmp_path: Path) -> None:
    (command,) = (block.text for block in section_blocks("Uninstall"))
    processes = Processes(tmp_path, {"DATABASE_URL": database})
    assert "table public.model_pricing\n" in typed(processes, command)
    assert rows(database, "select from pg_class where relname ~ '^(pricing|model_p)'") == []


def typed(processes: Processes, command: str) -> str:
    """Run a section's command; returns its output."""
    program, *arguments = shlex.split(command)
    assert program == "pricing-sync"
    process = processes.service(*arguments)
    assert process.wait(60) == 0, process.output
    return process.output
