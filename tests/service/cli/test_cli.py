"""The command line, as people and scripts call it: real processes, real Postgres."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import DictRow

from service import __version__
from service.cli import main as cli
from service.cli.error_output import CODES
from service.web.database.database_errors import STATUS_BY_SQLSTATE
from tests.support.postgres import free_port
from tests.support.processes import Processes, Run
from tests.support.provider_server import Answer, ProviderServer, running_provider_server
from tests.support.waiting import wait_until

MODEL = "openai/gpt-4o"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def provider_server(connection: psycopg.Connection[DictRow]) -> Iterator[ProviderServer]:
    with running_provider_server() as server:
        for slug in ("openrouter", "deepinfra"):
            server.fill(slug, 20)
            connection.execute(
                "update pricing_providers set base_url = %s where slug = %s",
                [server.base_url(slug), slug],
            )
        yield server


@pytest.fixture
def worker(processes: Processes, provider_server: ProviderServer, run: Run) -> None:
    """A worker that takes syncs from ``provider_server``."""
    process = processes.service("worker")
    wait_until(lambda: _workers(processes), 60, f"a worker:\n{process.output}")


def _workers(processes: Processes) -> int:
    with psycopg.connect(processes.environment["DATABASE_URL"]) as connection:
        row = connection.execute("select pricing_workers_alive()").fetchone()
    assert row is not None
    return int(row[0])


def _json(ended: subprocess.CompletedProcess[str]) -> Any:
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def _assert_refused(ended: subprocess.CompletedProcess[str], status: int, message: str) -> None:
    """Stderr has one error and one hint, stdout is empty."""
    assert (ended.returncode, ended.stdout) == (status, "")
    error, hint = ended.stderr.splitlines()
    assert error.startswith("error: "), error
    assert message in error
    assert hint.startswith("hint: "), hint


def _on_a_terminal(processes: Processes, *arguments: str, **variables: str) -> str:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "service", *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**processes.environment, "TERM": "xterm-256color", "COLUMNS": "100", **variables},
        start_new_session=True,
    )
    os.close(terminal)
    output = b""
    while piece := _read(controller):
        output += piece
    os.close(controller)
    assert process.wait(60) == 0, output.decode()
    return output.decode()


def _read(controller: int) -> bytes:
    # On Linux, reading fails once no process has the terminal open.
    try:
        return os.read(controller, 65536)
    except OSError:
        return b""


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"pricing-sync {__version__}\n"


def test_help_names_every_command(run: Run) -> None:
    ended = run("--help")
    for command in (
        "up", "migrate", "serve", "worker", "config", "doctor",
        "sync", "status", "models", "history",
    ):  # fmt: skip
        assert f"\n  {command} " in ended.stdout
        assert "Usage: pricing-sync " + command in run(command, "--help").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["status", "--nope"],
        ["history", "openrouter"],
        ["models", "--limit", "0"],
        ["models", "--limit", "many"],
        ["serve", "--port", "70000"],
        ["worker", "--concurrency", "0"],
        ["migrate", "--from", "0.1.0"],
        ["migrate", "--status", "--export", "."],
    ],
)
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    _assert_refused(run(*arguments), 2, "")


@pytest.mark.parametrize("command", ["migrate", "status", "models", "sync", "worker", "serve"])
def test_without_a_database_url(run: Run, command: str) -> None:
    _assert_refused(run(command, DATABASE_URL=""), 2, "DATABASE_URL is not set")


def test_a_database_that_does_not_answer(run: Run) -> None:
    port = free_port()
    url = f"postgresql://postgres:a-secret@127.0.0.1:{port}/postgres"
    ended = run("status", DATABASE_URL=url)
    _assert_refused(ended, 1, f"cannot connect to 127.0.0.1:{port}: connection refused")
    assert "a-secret" not in ended.stderr


def test_an_empty_database(run: Run, empty_database: str) -> None:
    ended = run("models", DATABASE_URL=empty_database)
    _assert_refused(ended, 1, "model_prices")
    assert "pricing-sync migrate" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["status", "--json", "00000000"], 1, "not_found"),
        (["end-rule", "1", "--json"], 1, "not_found"),
        (["models", "--json", "--limit", "many"], 2, "usage"),
        (["models", "--json", "--nope"], 2, "usage"),
        (["history", "--json"], 2, "usage"),
    ],
)
def test_an_error_is_json_under_json(
    run: Run, arguments: list[str], status: int, code: str
) -> None:
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout) == (status, "")
    document = json.loads(ended.stderr)
    assert list(document) == ["error"]
    assert list(document["error"]) == ["code", "message", "hint"]
    assert document["error"]["code"] == code
    assert document["error"]["message"] and document["error"]["hint"]


def test_the_codes_of_refusals_are_those_of_http() -> None:
    for sqlstate, code in CODES.items():
        if sqlstate in STATUS_BY_SQLSTATE:
            assert STATUS_BY_SQLSTATE[sqlstate][1] == code


def test_other_errors_are_json_too(run: Run, empty_database: str) -> None:
    away = run("status", "--json", DATABASE_URL=f"postgresql://u@127.0.0.1:{free_port()}/d")
    assert json.loads(away.stderr)["error"]["code"] == "database_unavailable"
    empty = run("models", "--json", DATABASE_URL=empty_database)
    assert json.loads(empty.stderr)["error"]["code"] == "not_migrated"
    # After -- there are arguments only.
    assert run("status", "--", "--json").stderr.startswith("error: ")


def test_debug_shows_where_an_error_was(run: Run) -> None:
    url = f"postgresql://127.0.0.1:{free_port()}/postgres"
    assert "Traceback" in run("--debug", "status", DATABASE_URL=url).stderr


def test_output_that_cannot_be_written_is_told(processes: Processes) -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "service", "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=processes.environment,
            timeout=120,
        )
    assert ended.returncode == 1
    error, hint = ended.stderr.splitlines()
    assert error == "error: The output could not be written: No space left on device."
    assert "before you repeat it" in hint


def test_an_unexpected_error_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: list[str], invocation: cli.Invocation) -> int:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(cli, "_call", fail)
    monkeypatch.setattr(sys, "argv", ["pricing-sync", "status"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    error, hint = capsys.readouterr().err.splitlines()
    assert error == "error: RuntimeError: two lines"
    assert "--debug" in hint


@pytest.mark.parametrize(
    "command",
    [
        ["sync"],
        ["keys", "create"],
        ["override", "set", "openrouter", "m", "--reason", "r", "--price"],
    ],
)
def test_an_argument_that_is_no_text_is_refused(processes: Processes, command: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable.encode(), b"-m", b"service", *(each.encode() for each in command), b"\xff"],
        capture_output=True,
        text=True,
        env=processes.environment,
        timeout=120,
    )
    _assert_refused(ended, 2, "An argument is not UTF-8: '\\udcff'")


def test_a_setting_that_is_no_text_is_refused_by_its_name(run: Run) -> None:
    url = os.fsdecode(b"postgresql://a:a-secret\xff@127.0.0.1/postgres")
    _assert_refused(run("status", DATABASE_URL=url), 2, "The value of DATABASE_URL is not UTF-8.")


def test_a_login_name_that_is_no_text_is_written_as_one(run: Run) -> None:
    assert run("sync", "openrouter", LOGNAME=os.fsdecode(b"zo\xeb")).returncode == 0
    (job,) = _json(run("status", "--json"))
    assert job["triggered_by"] == "cli:zo\\xeb"
    assert run("sync", "openrouter", LOGNAME="x" * 300).returncode == 0


@pytest.mark.parametrize(
    "command",
    [
        *(["sync"], ["models"], ["keys", "list"], ["keys", "create", "k"], ["migrate"]),
        ["accept", "openrouter", "--up-to", "20", "--until", "2999-01-01", "--reason", "r"],
    ],
)
def test_a_login_without_rights_is_told_what_it_needs(
    run: Run, processes: Processes, connection: psycopg.Connection[DictRow], command: list[str]
) -> None:
    with outsider(connection, processes.environment["DATABASE_URL"]) as url:
        ended = run(*command, DATABASE_URL=url)
    assert ended.returncode == 1
    error, hint = ended.stderr.splitlines()
    assert "permission denied" in error and "InsufficientPrivilege" not in error
    assert "pricing-sync migrate" in hint or "first migrate" in hint


@contextmanager
def outsider(connection: psycopg.Connection[DictRow], url: str) -> Iterator[str]:
    name = f"outsider_{uuid4().hex}"
    connection.execute(f"create role {name} login password '{name}'".encode())
    try:
        address = url.rpartition("@")[2]
        yield f"postgresql://{name}:{name}@{address}"
    finally:
        connection.execute(f"drop role {name}".encode())


def test_migrate(run: Run, empty_database: str, tmp_path: Path) -> None:
    before = run("migrate", "--status", "--json", DATABASE_URL=empty_database)
    assert {part["state"] for part in _json(before)} == {"pending"}
    first = run("migrate", DATABASE_URL=empty_database)
    assert (first.returncode, "steps applied." in first.stdout) == (0, True)
    again = run("migrate", "--json", DATABASE_URL=empty_database)
    assert _json(again)["applied"] == []
    after = run("migrate", "--status", DATABASE_URL=empty_database).stdout.splitlines()
    assert after[0].split() == ["step", "state", "applied"]
    assert {line.split()[1] for line in after[1:]} == {"applied"}
    exported = run("migrate", "--export", str(tmp_path), DATABASE_URL="")
    assert Path(exported.stdout.strip()).parent == tmp_path
    assert "create table" in Path(exported.stdout.strip()).read_text()


def test_sync_without_a_worker_says_so(run: Run) -> None:
    ended = run("sync", "openrouter")
    queued, no_worker = ended.stdout.splitlines()
    assert ended.returncode == 0
    assert queued.endswith("is queued: openrouter.")
    assert no_worker.startswith("No worker is alive")
    (job,) = _json(run("status", "--json"))
    assert (job["status"], job["providers_total"], job["dry_run"]) == ("queued", 1, False)
    assert job["triggered_by"].startswith("cli:")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "There is no provider 'nope'"),
        (["openrouter", "openrouter"], "'openrouter' is named twice"),
        ([""], "There is no provider ''"),
    ],
)
def test_sync_of_bad_providers(run: Run, arguments: list[str], message: str) -> None:
    _assert_refused(run("sync", *arguments), 1, message)
    assert _json(run("status", "--json")) == []


@pytest.mark.usefixtures("worker")
def test_sync_watch_then_look_at_everything(run: Run, processes: Processes) -> None:
    ended = run("sync", "openrouter", "deepinfra", "--watch")
    assert ended.returncode == 0, ended.stdout
    assert ended.stderr == ""
    assert "openrouter: done" in ended.stdout
    assert "20 fetched, 20 updated" in ended.stdout
    job_id = ended.stdout.split()[1]

    (job,) = _json(run("status", "--json"))
    assert (job["job_id"], job["status"], job["outcome"]) == (job_id, "completed", "success")
    assert job["triggered_at"].endswith("Z")
    assert job["providers_synced"] == ["deepinfra", "openrouter"]
    assert job_id in run("status").stdout

    for name in (job_id, job_id[:8], job_id.replace("-", ""), job_id[:13].upper()):
        one = _json(run("status", name, "--json"))
        assert one["job_id"] == job_id
        assert [each["provider"] for each in one["providers"]] == ["deepinfra", "openrouter"]
        assert one["providers"][1]["models_updated"] == 20
    assert "openrouter" in run("status", job_id[:8]).stdout

    models = _json(run("models", "--provider", "openrouter", "--json"))
    assert len(models) == 20
    assert {model["provider"] for model in models} == {"openrouter"}
    priced = next(model for model in models if model["input_per_1m"] not in (None, "0"))
    assert isinstance(priced["input_per_1m"], str)
    assert "e" not in priced["input_per_1m"].lower()
    assert priced["confirmed_at"].endswith("Z")

    found = _json(run("models", priced["model"].upper(), "--json", "--limit", "1"))
    assert [model["model"] for model in found] == [priced["model"]]
    few = run("models", "--limit", "3")
    assert len(few.stdout.splitlines()) == 4
    assert "more than 3" in few.stderr

    changes = _json(run("history", "openrouter", priced["model"], "--json"))
    after = {change["price"]: change["after"] for change in changes}
    assert after["input_per_1m"] == priced["input_per_1m"]
    assert {
        (change["before"], change["in_force_until"], change["changed_by"], change["job_id"])
        for change in changes
    } == {(None, None, "api_sync:openrouter", job_id)}
    assert job_id in run("history", "openrouter", priced["model"]).stdout
    today = _json(run("changes", "--since", "2h", "--provider", "openrouter", "--json"))
    assert {change["id"] for change in changes} <= {change["id"] for change in today}
    assert _json(run("changes", "--since", "today", "--provider", "novita", "--json")) == []

    table = _on_a_terminal(processes, "status")
    assert "\x1b[32m" in table
    # A narrow terminal gets shortened ids, as long as `status` accepts them.
    assert job_id[:8] in table
    assert job_id not in table
    narrow = _on_a_terminal(processes, "models", COLUMNS="80", NO_COLOR="1")
    for title in ("input/1M", "cache read", "cache write", "state", "confirmed", "source"):
        assert title in narrow
    assert max(len(ANSI.sub("", line)) for line in narrow.splitlines()) <= 80
    # NO_COLOR removes colours; bold may stay.
    plain = _on_a_terminal(processes, "status", NO_COLOR="1")
    assert "\x1b[32m" not in plain
    live = _on_a_terminal(processes, "sync", "openrouter", "--watch")
    assert "openrouter" in live
    assert "done" in live


@pytest.mark.usefixtures("worker")
def test_a_dry_run_shows_what_would_change(
    run: Run, connection: psycopg.Connection[DictRow]
) -> None:
    ended = run("sync", "openrouter", "--dry-run", "--watch")
    assert ended.returncode == 0
    assert "20 would change" in ended.stdout
    assert "dry run" in ended.stdout
    assert connection.execute("select 1 from model_pricing limit 1").fetchone() is None
    job = _json(run("sync", "openrouter", "--dry-run", "--watch", "--json"))
    assert job["dry_run"] is True
    assert len(job["providers"][0]["differences"]) == 20


@pytest.mark.usefixtures("worker")
def test_watching_a_job_that_fails(run: Run, provider_server: ProviderServer) -> None:
    provider_server.answer("openrouter", Answer(status=404))
    ended = run("sync", "openrouter", "--watch", "--json")
    assert ended.returncode == 1
    job = json.loads(ended.stdout)
    assert (job["status"], job["providers"][0]["status"]) == ("failed", "failed")
    assert job["providers"][0]["error_message"] in ended.stderr


@pytest.mark.usefixtures("worker")
def test_ctrl_c_leaves_the_watch_and_not_the_job(
    run: Run, processes: Processes, provider_server: ProviderServer
) -> None:
    provider_server.answer("openrouter", Answer(held=True))
    watching = processes.service("sync", "openrouter", "--watch")
    watching.wait_for_output("openrouter: syncing")
    watching.send(signal.SIGINT)
    assert watching.wait() == 130
    assert "The job goes on" in watching.output
    provider_server.release()
    wait_until(
        lambda: _json(run("status", "--json"))[0]["status"] == "completed", 60, "the job's end"
    )


def test_status_of_unknown_jobs(run: Run, connection: psycopg.Connection[DictRow]) -> None:
    assert "No job yet" in run("status").stdout
    assert _json(run("status", "--json")) == []
    _assert_refused(run("status", "1234567"), 1, "is no job id")
    _assert_refused(run("status", "'; drop table"), 1, "is no job id")
    _assert_refused(run("status", "00000000"), 1, "There is no job")
    for number in (1, 2):
        connection.execute(
            "insert into pricing_sync_jobs (job_id, triggered_by, status, outcome, completed_at)"
            " values (%s, 'test', 'failed', 'failed', now())",
            [f"12345678-0000-0000-0000-00000000000{number}"],
        )
    _assert_refused(run("status", "12345678"), 1, "Several jobs")


def test_status_shows_all_open_and_the_last_ten_and_all_in_json(
    run: Run, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute(
        "insert into pricing_sync_jobs (triggered_by, status, outcome, triggered_at)"
        " select 'old ' || n, 'failed', 'failed', now() - n * interval '1 hour'"
        " from generate_series(1, 12) as n"
    )
    for _ in range(2):
        connection.execute("select trigger_pricing_sync('{openrouter}', 'me')")
    by = [job["triggered_by"] for job in _json(run("status", "--json"))]
    assert by == ["me", "me", *(f"old {n}" for n in range(1, 13))]
    table = run("status")
    assert len(table.stdout.splitlines()) == 1 + 2 + 10
    assert "more than 10" in table.stderr
    few = run("status", "--limit", "3")
    assert len(few.stdout.splitlines()) == 1 + 2 + 3
    assert len(_json(run("status", "--json", "--limit", "3"))) == 2 + 3
    assert len(run("status", "--failed", "--limit", "100").stdout.splitlines()) == 1 + 12


def test_prices_are_exact_and_unknown_is_not_free(
    run: Run, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute(
        "insert into model_pricing (provider_slug, model_id, name, price_per_input_token,"
        " price_per_output_token, pricing_source, listed_by) values"
        " ('openrouter', 'tiny', null, 0.00000000123456789012345, null, 'api:openrouter',"
        " 'openrouter'),"
        " ('openrouter', 'free', null, 0, 0, 'api:openrouter', 'openrouter')"
    )
    free, tiny = _json(run("models", "--json"))
    assert (tiny["input_per_1m"], tiny["output_per_1m"]) == ("0.00123456789012345", None)
    assert (free["input_per_1m"], free["price_state"]) == ("0", "free")
    header, free_line, tiny_line = run("models").stdout.splitlines()
    assert header.split()[:2] == ["provider", "model"]
    assert free_line.split()[:4] == ["openrouter", "free", "0", "0"]
    assert tiny_line.split()[:4] == ["openrouter", "tiny", "0.00123456789012345", "-"]


def test_names_cannot_steer_a_terminal(run: Run, connection: psycopg.Connection[DictRow]) -> None:
    connection.execute(
        "insert into model_pricing (provider_slug, model_id, pricing_source, listed_by)"
        " values ('openrouter', E'evil\\x1b[2J\\nname [red]', 'api:openrouter', 'openrouter')"
    )
    output = run("models").stdout
    assert "\x1b" not in output
    assert "evil\N{REPLACEMENT CHARACTER}[2J name [red]" in output
    assert _json(run("models", "--json"))[0]["model"] == "evil\x1b[2J\nname [red]"


def test_history_of_an_unknown_model(run: Run, connection: psycopg.Connection[DictRow]) -> None:
    _assert_refused(run("history", "openrouter", "nope"), 1, "There is no model nope")
    connection.execute(
        "insert into model_pricing (provider_slug, model_id, pricing_source, listed_by)"
        " values ('openrouter', 'unpriced', 'api:openrouter', 'openrouter')"
    )
    assert "known price" in run("history", "openrouter", "unpriced").stdout
    assert _json(run("history", "openrouter", "unpriced", "--json")) == []
    assert "No model fits." in run("models", "nothing-like-it").stdout


def test_config_hides_secrets(run: Run) -> None:
    url = "postgresql://somebody:a-secret@db.example/pricing"
    ended = run("config", "--json", DATABASE_URL=url, PRICING_ADMIN_KEY="a-secret-of-24-characters")
    values = {row["variable"]: row["value"] for row in _json(ended)}
    assert values["DATABASE_URL"] == "postgresql://somebody:********@db.example:5432/pricing"
    assert values["PRICING_ADMIN_KEY"] == "********"
    assert values["PRICING_PORT"] == "8000"
    assert "PRICING_PORT" in run("config", DATABASE_URL="").stdout


def test_config_with_a_wrong_value_shows_the_meanings(run: Run) -> None:
    ended = run("config", PRICING_PORT="eighty")
    assert ended.returncode == 2
    assert "error: PRICING_PORT" in ended.stderr
    assert "port of the web process" in ended.stdout
    assert run("config", "--json", PRICING_PORT="eighty").stdout == ""


def test_a_short_key_is_counted_in_characters(run: Run) -> None:
    ended = run("config", "--json", PRICING_ADMIN_KEY="short")
    assert ended.returncode == 2
    message = json.loads(ended.stderr)["error"]["message"]
    assert message.startswith("PRICING_ADMIN_KEY: It needs at least 24 characters"), message


def test_a_closed_pipe_is_quiet(processes: Processes, run: Run) -> None:
    for arguments in (["--help"], ["migrate", "--status"], ["migrate", "--status", "--json"]):
        reading, writing = os.pipe()
        os.close(reading)
        ended = subprocess.run(
            [sys.executable, "-m", "service", *arguments],
            stdout=writing,
            stderr=subprocess.PIPE,
            env=processes.environment,
            timeout=120,
        )
        os.close(writing)
        assert (ended.returncode, ended.stderr) == (0, b""), arguments


def test_serve_takes_its_address_from_the_command_line(processes: Processes) -> None:
    port = free_port()
    web = processes.service("serve", "--host", "127.0.0.1", "--port", str(port))
    web.wait_for_output(f"http://127.0.0.1:{port}")
    assert web.stop() == 0


def test_serve_on_a_taken_port(run: Run, processes: Processes) -> None:
    port = str(free_port())
    web = processes.service("serve", "--port", port)
    web.wait_for_output(f":{port}")
    _assert_refused(run("serve", "--port", port), 1, f"port {port}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_ends_by_signal(processes: Processes, number: signal.Signals) -> None:
    worker = processes.service("worker", "--concurrency", "2")
    wait_until(lambda: _workers(processes), 60, f"a worker:\n{worker.output}")
    worker.send(number)
    assert worker.wait() == 0
    assert _workers(processes) == 0
