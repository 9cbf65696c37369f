"""`pricing-sync keys`: keys made, shown, replaced and ended."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.processes import Processes

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(processes: Processes) -> Run:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "service", "keys", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=processes.environment,
            timeout=60,
        )

    return run


def is_valid(connection: psycopg.Connection[DictRow], key: str) -> bool:
    row = connection.execute(
        "select is_valid from pricing_api_key(%s)", [key.strip().split("_")[1]]
    ).fetchone()
    assert row is not None
    valid: bool = row["is_valid"]
    return valid


def test_a_key_s_life(run: Run, connection: psycopg.Connection[DictRow]) -> None:
    assert run("list").stdout == "There is no key: `pricing-sync keys create` makes one.\n"

    made = run("create", "night shift", "--role", "operate", "--expires", "90d")
    assert made.returncode == 0, made.stderr
    # Alone on stdout: KEY=$(pricing-sync keys create ...).
    first = made.stdout.removesuffix("\n")
    assert first.startswith("psk_") and len(first.split()) == 1
    assert "operate" in made.stderr and "shown this once" in made.stderr
    assert first not in made.stderr
    assert is_valid(connection, first)

    line = run("list").stdout.splitlines()[1]
    assert line.split()[:4] == ["night", "shift", "operate", "active"]
    assert "never" in line, "it was not used yet"
    assert first.rpartition("_")[2] not in run("list", "--all", "--json").stdout

    rotated = json.loads(run("rotate", "night shift", "--grace", "24h", "--json").stdout)
    assert (rotated["role"], rotated["state"]) == ("operate", "active")
    expires_in = datetime.fromisoformat(rotated["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89) < expires_in < timedelta(days=91), "for as long as the one before"
    assert is_valid(connection, first) and is_valid(connection, rotated["key"])
    assert "active, replaced" in run("list").stdout

    second = run("rotate", "night shift").stdout
    assert [is_valid(connection, key) for key in (first, rotated["key"], second)] == [
        False,
        False,
        True,
    ]
    assert run("revoke", "night shift").stdout == "The key night shift is refused from now on.\n"
    assert not is_valid(connection, second)
    assert json.loads(run("list", "--json").stdout) == []
    states = [row["state"] for row in json.loads(run("list", "--all", "--json").stdout)]
    assert states == ["revoked"] * 3

    audited = connection.execute(
        "select who, action from pricing_audit_log where action like '%api_key' order by id"
    ).fetchall()
    assert [row["action"] for row in audited] == [
        "create_api_key",
        "rotate_api_key",
        "rotate_api_key",
        "revoke_api_key",
    ]
    assert {row["who"].partition(":")[0] for row in audited} == {"cli"}


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["create", "x", "--role", "owner"], 2, "owner"),
        (["create", "x", "--expires", "soon"], 2, "'soon' is not a time"),
        (["create", "x", "--expires", "2020-01-01"], 1, "expire in the past"),
        (["create", "admin"], 1, "PRICING_ADMIN_KEY"),
        (["rotate", "nobody"], 1, "no key named 'nobody'"),
        (["rotate", "nobody", "--grace", "1y"], 2, "'1y' is not a time"),
        (["revoke", "nobody"], 1, "no key named 'nobody'"),
    ],
)
def test_refused(run: Run, arguments: list[str], status: int, message: str) -> None:
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout) == (status, "")
    error, hint = ended.stderr.splitlines()
    assert error.startswith("error: ") and message in error
    assert hint.startswith("hint: ")
