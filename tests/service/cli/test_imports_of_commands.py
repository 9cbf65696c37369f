"""What a command imports: it is most of the time that a short command takes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from service.cli.command_table import COMMANDS, LazyCommands
from tests.support.processes import ROOT

IMPORTED = """
import sys
sys.argv = ["pricing-sync", *sys.argv[1:]]
from service.cli.main import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""
SLOW = {"asyncio", "asyncpg", "httpx2", "procrastinate", "psycopg", "pydantic", "rich", "starlette"}


def imported_by(*arguments: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ran.stderr.split())


def test_the_version_needs_nothing_of_the_database() -> None:
    imported = imported_by("--version")
    assert imported & SLOW == set()
    ours = {name for name in imported if name.startswith("service.")}
    folders = {name.split(".")[1] for name in ours}
    assert folders <= {"cli", "errors", "postgres", "printable"}
    assert {name for name in ours if name.startswith("service.postgres.")} <= {
        "service.postgres.sqlstates"
    }


@pytest.mark.parametrize("command", ["status", "migrate"])
def test_a_command_imports_no_other_process(command: str) -> None:
    imported = imported_by(command, "--help")
    assert imported & (SLOW - {"asyncio", "psycopg", "pydantic", "rich"}) == set()
    assert not any(
        name.startswith(("service.doctor", "service.web", "service.engine", "service.providers"))
        for name in imported
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists(name: str) -> None:
    command = LazyCommands()[name]
    assert (command.name, command.rich_help_panel) == (name, COMMANDS[name][0])
