"""`pricing-sync keys`: keys made, shown, replaced and ended."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.support.processes import Processes, Run


@pytest.fixture
def run(processes: Processes) -> Run:
    return partial(processes.run, "keys")


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
    # Stdout has the key alone: KEY=$(pricing-sync keys create ...).
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
        (["create", "x", "--expires", "2020-01-01"], 1, "expires_at cannot be"),
        (["create", "x", "--expires", "9999-12-31T00:00:01Z"], 1, "expires_at cannot be"),
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


def into(
    processes: Processes, redirection: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as a shell starts it, with this redirection."""
    command = [sys.executable, "-m", "service", "keys"]
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", *command, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=processes.environment,
        timeout=120,
    )


def error_and_hint(stderr: str, *, is_json: bool) -> tuple[str, str]:
    if is_json:
        error = json.loads(stderr)["error"]
        return error["message"], error["hint"]
    message, hint = stderr.splitlines()
    return message, hint


@pytest.mark.parametrize("redirection", [">&-", "> /dev/full", "1< /dev/null"])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_secret_that_cannot_be_written_changes_nothing(
    processes: Processes,
    run: Run,
    connection: psycopg.Connection[DictRow],
    redirection: str,
    form: list[str],
) -> None:
    old = run("create", "there").stdout
    for arguments, state, what in (
        (["create", "new"], "No key was made.", "keys create new"),
        (["rotate", "there"], "its secrets are valid as before", "keys rotate there"),
    ):
        ended = into(processes, redirection, *arguments, *form)
        assert ended.returncode == 1
        error, hint = error_and_hint(ended.stderr, is_json=bool(form))
        assert "stdout" in error and what in hint
        assert state in error or "Nothing was changed." in error
        assert "psk_" not in ended.stdout + ended.stderr
    (row,) = json.loads(run("list", "--all", "--json").stdout)
    assert (row["name"], row["state"]) == ("there", "active")
    assert is_valid(connection, old)


def test_a_secret_is_shown_whatever_becomes_of_what_is_said_beside(
    processes: Processes, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute("drop view pricing_keys")
    for redirection in ("", "2> /dev/full", "2>&-"):
        made = into(processes, redirection, "create", f"k{len(redirection)}")
        assert (made.returncode, is_valid(connection, made.stdout)) == (0, True)
