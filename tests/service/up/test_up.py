"""``pricing-sync up`` with real processes and a real Postgres, ended in every possible way."""

from __future__ import annotations

import json
import os
import pty
import pwd
import signal
import socket
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from service.embedded.embedded_postgres import HOME, EmbeddedPostgres
from service.errors import SettingsError
from service.migrations.migrate import migrate
from service.up.instance import Instance
from tests.support.postgres import free_port
from tests.support.processes import Processes
from tests.support.provider_server import Answer, ProviderServer, running_provider_server
from tests.support.waiting import wait_until

KEYS = [
    "provider",
    "status",
    "models_fetched",
    "models_updated",
    "models_held",
    "models_skipped",
    "errors",
    "error_message",
    "duration_ms",
    "models_rejected",
]
SLUGS = ["catalogue", "deepinfra", "openrouter"]
READY = "Ctrl-C stops everything."
# Reserved by RFC 6761: resolves nowhere, with or without a network.
NOWHERE = "https://nowhere.invalid"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / ".pricing-sync"


@pytest.fixture
def up_processes(processes: Processes, data_dir: Path) -> Processes:
    """``up`` on the test's own database and data directory."""
    del processes.environment["PRICING_ADMIN_KEY"]
    # The test finds all processes by the environment that they were started with.
    processes.interpreters = True
    processes.environment |= {
        "PRICING_DATA_DIR": str(data_dir),
        "PRICING_PORT": str(free_port()),
        "PRICING_TEST_MARK": str(data_dir),
    }
    return processes


@pytest.fixture
def provider_server(
    connection: psycopg.Connection[DictRow],
) -> Iterator[ProviderServer]:
    """A local server in place of the live providers."""
    with running_provider_server() as server:
        for slug in ("openrouter", "deepinfra"):
            server.fill(slug, 20)
            _point(connection, slug, server.base_url(slug))
        yield server


@pytest.fixture
def embedded_processes(
    open_path: Path, tmp_path: Path, clean_environment: pytest.MonkeyPatch
) -> Iterator[tuple[Processes, Path]]:
    """``up`` without options, in a place whose path has a space and is too long for a socket."""
    place = open_path / "a place" / ("long-" * 25)
    place.mkdir(parents=True)
    for directory in (place, place.parent):
        directory.chmod(0o755)
    data_dir = place / ".pricing-sync"
    processes = Processes(
        tmp_path, {"PRICING_PORT": str(free_port()), "PRICING_TEST_MARK": str(data_dir)}
    )
    del processes.environment["PRICING_ADMIN_KEY"]
    processes.interpreters = True
    yield processes, place
    processes.end()
    if (data_dir / HOME / "data").exists():
        with EmbeddedPostgres(data_dir):
            pass


def _point(connection: psycopg.Connection[DictRow], slug: str, base_url: str) -> None:
    connection.execute(
        "update pricing_providers set base_url = %s where slug = %s", [base_url, slug]
    )


def _started_by(data_dir: Path) -> list[str]:
    """The processes of this data directory: ours by a variable, Postgres by its argument."""
    listed = subprocess.run(
        ["ps", "axeww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    marks = (f"PRICING_TEST_MARK={data_dir}", f"-D {data_dir}")
    return [
        line.split(" PATH=")[0] for line in listed.splitlines() if any(m in line for m in marks)
    ]


def _children(data_dir: Path, command: str) -> list[int]:
    wanted = f"-m service {command} --with-parent"
    return [int(line.split()[0]) for line in _started_by(data_dir) if wanted in line]


def _assert_nothing_runs(data_dir: Path, timeout: float = 30.0) -> None:
    wait_until(lambda: not _started_by(data_dir), timeout, "the end of all processes")


def _get(port: str, path: str, key: str | None = None) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if key is not None:
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _up(processes: Processes, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``up`` to its end, stdout and stderr apart."""
    return subprocess.run(
        [sys.executable, "-m", "service", "up", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=processes.environment,
        timeout=120,
    )


def test_once_prints_the_summary_as_json_and_stops_everything(
    up_processes: Processes,
    provider_server: ProviderServer,
    connection: psycopg.Connection[DictRow],
    data_dir: Path,
) -> None:
    provider_server.answer("deepinfra", Answer(status=404))
    ended = _up(up_processes, "--once", "--json")

    assert ended.returncode == 0, ended.stderr
    rows = json.loads(ended.stdout)
    assert [list(row) for row in rows] == [KEYS] * 3
    by_name = {row["provider"]: row for row in rows}
    assert by_name["openrouter"]["status"] == "success"
    assert by_name["openrouter"]["models_updated"] == 20
    assert by_name["openrouter"]["errors"] == 0
    assert by_name["openrouter"]["error_message"] is None
    assert by_name["openrouter"]["duration_ms"] > 0
    assert by_name["deepinfra"]["status"] == "failed"
    assert by_name["deepinfra"]["errors"] == 1
    assert by_name["catalogue"]["models_updated"] > 1000
    assert "openrouter: done" in ended.stderr
    assert not _started_by(data_dir)

    # The catalogue's sync starts when the others have ended, successful or not.
    row = connection.execute(
        "select min(sync_started_at) filter (where provider_slug = 'catalogue')"
        " > max(sync_completed_at) filter (where provider_slug <> 'catalogue') as is_last,"
        " count(distinct job_id) as jobs, bool_and(triggered_by = 'up') as is_ours"
        " from pricing_sync_log"
    ).fetchone()
    assert row == {"is_last": True, "jobs": 2, "is_ours": True}


@pytest.mark.long
@pytest.mark.parametrize("openrouter", ["served", "refused at once"])
def test_the_first_sync_is_two_jobs_however_the_schedule_ticks(
    up_processes: Processes,
    provider_server: ProviderServer,
    connection: psycopg.Connection[DictRow],
    database: str,
    openrouter: str,
) -> None:
    """The schedule ticks all the time, at the worst moments as well."""
    if openrouter == "refused at once":
        provider_server.answer("openrouter", Answer(status=404))
    connection.execute("update pricing_settings set scheduler_enabled = true")
    over = threading.Event()

    def tick() -> None:
        with psycopg.connect(database, autocommit=True) as ticking:
            while not over.is_set():
                if ticking.execute("select from pricing_sync_jobs").fetchall():
                    ticking.execute("select tick_pricing_schedule('pg_cron')")
                over.wait(0.005)

    with ThreadPoolExecutor(1) as threads:
        ticks = threads.submit(tick)
        try:
            ended = _up(up_processes, "--once", "--json")
        finally:
            over.set()
        ticks.result(60)
    assert ended.returncode == 0, ended.stderr
    assert [row["provider"] for row in json.loads(ended.stdout)] == [
        "deepinfra",
        "openrouter",
        "catalogue",
    ]
    jobs = connection.execute(
        "select providers from pricing_sync_jobs order by triggered_at"
    ).fetchall()
    assert [job["providers"] for job in jobs] == [["deepinfra", "openrouter"], ["catalogue"]]
    attempts = connection.execute("select provider_slug from pricing_sync_log").fetchall()
    assert sorted(row["provider_slug"] for row in attempts) == SLUGS
    waits = connection.execute(
        "select bool_and(next_sync_at > now() + interval '1 hour') as all_wait"
        " from pricing_providers"
    ).fetchone()
    assert waits == {"all_wait": True}


@pytest.mark.long
def test_a_catalogue_sync_that_the_schedule_enqueued_first_is_followed(
    up_processes: Processes,
    provider_server: ProviderServer,
    connection: psycopg.Connection[DictRow],
) -> None:
    # Tick only when all others have ended, and long before `up` reads again.
    connection.execute("update pricing_settings set scheduler_enabled = true")
    connection.execute(
        "create function take_it() returns trigger language plpgsql security definer as $$ begin"
        " perform public.enqueue_due_pricing_syncs(); return null; end $$;"
        " create trigger take_it after update of outcome on pricing_sync_jobs for each row"
        " when (new.outcome is not null and not 'catalogue' = any (new.providers))"
        " execute function take_it()"
    )
    ended = _up(up_processes, "--once", "--json")
    assert ended.returncode == 0, ended.stderr
    (catalogue,) = [row for row in json.loads(ended.stdout) if row["provider"] == "catalogue"]
    assert catalogue["models_updated"] > 1000
    jobs = connection.execute(
        "select triggered_by, providers from pricing_sync_jobs order by triggered_at"
    ).fetchall()
    assert jobs == [
        {"triggered_by": "up", "providers": ["deepinfra", "openrouter"]},
        {"triggered_by": "schedule", "providers": ["catalogue"]},
    ]


@pytest.mark.long
def test_without_a_network_the_catalogue_arrives_and_the_rest_fails_clearly(
    up_processes: Processes, connection: psycopg.Connection[DictRow]
) -> None:
    for slug in ("openrouter", "deepinfra"):
        _point(connection, slug, NOWHERE)
    ended = _up(up_processes, "--once")
    assert ended.returncode == 0, ended.stdout
    assert ended.stderr == ""
    table = ended.stdout[ended.stdout.index("provider  ") :].splitlines()
    assert table[0].split() == [
        "provider", "state", "fetched", "updated", "held", "skipped", "error", "seconds"
    ]  # fmt: skip
    states = {line.split()[0]: line.split()[1] for line in table[1:4]}
    assert states == {"deepinfra": "failed", "openrouter": "failed", "catalogue": "done"}
    assert "nowhere.invalid" in table[1]
    # Where tests have no network either, the providers have not failed.
    rows = connection.execute(
        "select p.consecutive_failures as failures, l.error_kind from pricing_providers p"
        " join pricing_sync_log l on l.provider_slug = p.slug where p.slug = 'openrouter'"
    ).fetchall()
    assert rows in (
        [{"failures": 0, "error_kind": "no_network"}],
        [{"failures": 1, "error_kind": "connection"}],
    )


@pytest.mark.long
def test_providers_with_a_credential_are_in_the_first_sync_and_others_are_named(
    up_processes: Processes,
    provider_server: ProviderServer,
    connection: psycopg.Connection[DictRow],
) -> None:
    connection.execute(
        "update pricing_providers set enabled = slug in ('cerebras', 'groq', 'together')"
    )
    connection.execute(
        "update pricing_providers set state = 'no_credentials' where slug in ('groq', 'together')"
    )
    for slug in ("cerebras", "together"):
        provider_server.fill(slug, 20)
        _point(connection, slug, provider_server.base_url(slug))
    up_processes.environment["TOGETHER_API_KEY"] = "a-key-of-nobody"
    permitted = f"TOGETHER_API_KEY={provider_server.host}:{provider_server.port}"
    up_processes.environment["PRICING_CREDENTIAL_HOSTS"] = permitted

    ended = _up(up_processes, "--once")

    assert ended.returncode == 0, ended.stdout
    table = ended.stdout[ended.stdout.index("provider  ") :].splitlines()
    states = {line.split()[0]: line.split()[1] for line in table[1:3]}
    assert states == {"cerebras": "done", "together": "done"}
    assert table[3] == "Not asked, for want of a credential: groq (GROQ_API_KEY)"
    (asked,) = provider_server.requests("together")
    assert asked.headers["authorization"] == "Bearer a-key-of-nobody"
    attempts = connection.execute("select distinct provider_slug from pricing_sync_log").fetchall()
    assert {row["provider_slug"] for row in attempts} == {"cerebras", "together"}


@pytest.mark.long
def test_once_fails_when_no_provider_succeeds(
    up_processes: Processes, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute(
        "update pricing_providers set enabled = false where slug in ('catalogue', 'deepinfra')"
    )
    _point(connection, "openrouter", NOWHERE)
    ended = _up(up_processes, "--once", "--json")
    assert ended.returncode == 1
    assert [row["status"] for row in json.loads(ended.stdout)] == ["failed"]


@pytest.mark.long
def test_once_with_no_provider_enabled_has_an_empty_summary(
    up_processes: Processes, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute("update pricing_providers set enabled = false")
    ended = _up(up_processes, "--once", "--json")
    assert (ended.returncode, json.loads(ended.stdout)) == (1, [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_until_a_signal_and_then_exits_with_0(
    up_processes: Processes,
    provider_server: ProviderServer,
    data_dir: Path,
    number: signal.Signals,
) -> None:
    up = up_processes.service("up")
    output = up.wait_for_output(READY)
    port = up_processes.environment["PRICING_PORT"]
    assert f"http://127.0.0.1:{port}" in output
    assert str(data_dir / "admin-key") in output
    assert "$DATABASE_URL" in output
    assert _get(port, "/health/ready") == 200

    key = (data_dir / "admin-key").read_text().strip()
    assert stat.S_IMODE((data_dir / "admin-key").stat().st_mode) == 0o600
    assert _get(port, "/admin/pricing/syncs/active", key) == 200
    assert _get(port, "/admin/pricing/syncs/active", key + "x") == 401

    # One process of each kind, in a session of its own, and no secret in the list of processes.
    (web,), (worker,) = _children(data_dir, "serve"), _children(data_dir, "worker")
    assert os.getsid(web) == web
    assert os.getsid(worker) == worker
    listed = subprocess.run(["ps", "axww", "-o", "args="], capture_output=True, text=True).stdout
    assert key not in listed
    assert up_processes.environment["DATABASE_URL"] not in listed

    up.send(number)
    assert up.wait() == 0
    assert up.output.count("Stopping ...") == 1
    assert not _started_by(data_dir)


@pytest.mark.long
def test_the_key_is_kept_and_one_of_the_environment_wins(
    up_processes: Processes, provider_server: ProviderServer, data_dir: Path
) -> None:
    first = up_processes.service("up")
    first.wait_for_output(READY)
    key = (data_dir / "admin-key").read_text().strip()
    first.stop()
    given = "another-key-of-24-characters"
    second = up_processes.service("up", PRICING_ADMIN_KEY=given)
    output = second.wait_for_output(READY)
    port = up_processes.environment["PRICING_PORT"]
    assert "$PRICING_ADMIN_KEY" in output
    assert given not in output
    assert _get(port, "/admin/pricing/syncs/active", given) == 200
    assert _get(port, "/admin/pricing/syncs/active", key) == 401
    assert (data_dir / "admin-key").read_text().strip() == key


def test_a_port_that_was_set_and_is_taken_is_an_error(
    up_processes: Processes, data_dir: Path
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        up_processes.environment["PRICING_PORT"] = str(port)
        ended = _up(up_processes)
    assert (ended.returncode, ended.stdout) == (1, "")
    error, hint = ended.stderr.splitlines()
    assert f"Port {port}" in error and "PRICING_PORT" in hint
    assert not _started_by(data_dir)


@pytest.mark.long
def test_without_a_set_port_the_first_free_one_is_used(
    up_processes: Processes, provider_server: ProviderServer
) -> None:
    del up_processes.environment["PRICING_PORT"]
    with ExitStack() as taken:
        # Another test may have it already.
        with suppress(OSError):
            taken.enter_context(closing(socket.create_server(("127.0.0.1", 8000))))
        up = up_processes.service("up")
        output = up.wait_for_output(READY)
        assert "Port 8000 is taken: the web process listens on " in output
        used = output.split("the web process listens on ")[1].split(".")[0]
        assert int(used) > 8000
        assert f"http://127.0.0.1:{used}" in output
        assert _get(used, "/health/ready") == 200


def test_it_is_ready_before_the_first_sync_ends_and_then_syncs_only_what_is_due(
    up_processes: Processes,
    provider_server: ProviderServer,
    connection: psycopg.Connection[DictRow],
) -> None:
    provider_server.answer("openrouter", Answer(held=True))
    up = up_processes.service("up")
    output = up.wait_for_output("openrouter: syncing")
    port = up_processes.environment["PRICING_PORT"]
    assert output.index(f"Ready at    http://127.0.0.1:{port}") < output.index("First sync of")
    assert _get(port, "/health/ready") == 200
    provider_server.release()
    up.wait_for_output(READY)
    assert "openrouter: done" in up.output
    assert up.stop() == 0

    jobs = "select count(*) as jobs from pricing_sync_jobs"
    before = connection.execute(jobs).fetchone()
    second = up_processes.service("up")
    output = second.wait_for_output(READY)
    assert "No sync is due; the next is that of " in output
    assert second.stop() == 0
    assert connection.execute(jobs).fetchone() == before
    connection.execute("update pricing_providers set next_sync_at = now() where slug = 'deepinfra'")
    third = up_processes.service("up")
    output = third.wait_for_output(READY)
    assert "First sync of 1 provider:" in output and "deepinfra: done" in output


@pytest.mark.long
def test_a_second_one_is_refused_and_the_first_goes_on(
    up_processes: Processes, provider_server: ProviderServer, data_dir: Path
) -> None:
    first = up_processes.service("up")
    first.wait_for_output(READY)
    second = _up(up_processes)
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr.startswith(f"error: Another `pricing-sync up` (process {first.pid})")
    assert len(second.stderr.splitlines()) == 2
    assert _get(up_processes.environment["PRICING_PORT"], "/health/ready") == 200


@pytest.mark.long
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_child_that_dies_is_started_again_once_and_it_is_said(
    up_processes: Processes, provider_server: ProviderServer, data_dir: Path, command: str
) -> None:
    up = up_processes.service("up")
    up.wait_for_output(READY)
    (before,) = _children(data_dir, command)
    os.kill(before, signal.SIGKILL)
    up.wait_for_output("ended (by SIGKILL); it is started again in 0.5 s.")

    def other() -> bool:
        running = _children(data_dir, command)
        return running != [] and running != [before]

    wait_until(other, 30, f"a new {command}")
    assert len(_children(data_dir, command)) == 1
    if command == "serve":
        port = up_processes.environment["PRICING_PORT"]
        wait_until(lambda: _answers(port), 30, "the new web process")
    assert up.stop() == 0
    _assert_nothing_runs(data_dir)


def _answers(port: str) -> bool:
    try:
        return _get(port, "/health/ready") == 200
    except OSError:
        return False


@pytest.mark.long
def test_children_that_end_again_and_again_are_given_up(
    up_processes: Processes, data_dir: Path, tmp_path: Path
) -> None:
    # Python runs sitecustomize before anything else.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nif 'serve' in sys.orig_argv:\n    os._exit(3)\n"
    )
    path = f"{tmp_path}:{up_processes.environment['PYTHONPATH']}"
    ended = _up_with(up_processes, PYTHONPATH=path)
    assert ended.returncode == 1
    assert "error: The web process" in ended.stderr
    assert "hint: Its log is " in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    _assert_nothing_runs(data_dir)


@pytest.mark.long
def test_a_worker_that_never_comes_is_not_waited_for_for_ever(
    up_processes: Processes, data_dir: Path
) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nowhere"
    ended = _up_with(up_processes, PRICING_WORKER_DATABASE_URL=url)
    assert ended.returncode == 1
    assert "error: No worker took the first sync within 30 s." in ended.stderr
    assert "Waiting. No database" in ended.stdout + ended.stderr
    _assert_nothing_runs(data_dir)


def _up_with(processes: Processes, **variables: str) -> subprocess.CompletedProcess[str]:
    processes.environment |= variables
    return _up(processes, "--once")


def test_children_end_when_up_is_killed(
    up_processes: Processes, provider_server: ProviderServer, data_dir: Path
) -> None:
    up = up_processes.service("up")
    up.wait_for_output(READY)
    up.send(signal.SIGKILL)
    up.wait()
    _assert_nothing_runs(data_dir)


@pytest.mark.long
def test_ctrl_c_during_the_first_sync_stops_everything(
    up_processes: Processes,
    provider_server: ProviderServer,
    connection: psycopg.Connection[DictRow],
    data_dir: Path,
) -> None:
    provider_server.answer("openrouter", Answer(hang=True))
    up = up_processes.service("up")
    up.wait_for_output("openrouter: syncing")
    wait_until(lambda: provider_server.requests("openrouter"), what="a request")
    up.send(signal.SIGINT)
    up.send(signal.SIGINT)
    assert up.wait() == 0
    assert not _started_by(data_dir)
    # The sync is requeued for the next worker.
    row = connection.execute(
        "select status from pricing_sync_log where provider_slug = 'openrouter'"
        " order by id desc limit 1"
    ).fetchone()
    assert row == {"status": "queued"}


def test_ctrl_c_during_migrate_stops_everything(
    processes: Processes, empty_database: str, data_dir: Path
) -> None:
    from service.migrations.migrate_lock import LOCK_KEY

    processes.environment |= {
        "DATABASE_URL": empty_database,
        "PRICING_DATA_DIR": str(data_dir),
        "PRICING_TEST_MARK": str(data_dir),
    }
    waiting = (
        "select from pg_locks join pg_database on pg_database.oid = database"
        " where datname = current_database() and locktype = 'advisory' and not granted"
    )
    with psycopg.connect(empty_database, autocommit=True) as holder:
        holder.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
        up = processes.service("up", "--once")
        wait_until(lambda: holder.execute(waiting).fetchall(), what="migrate waits for its lock")
        up.send(signal.SIGINT)
        assert up.wait() == 130
    assert not _started_by(data_dir)


@pytest.mark.long
def test_everything_stops_when_its_output_is_no_longer_read(
    up_processes: Processes, provider_server: ProviderServer, data_dir: Path
) -> None:
    provider_server.answer("openrouter", Answer(delay=1))
    up = subprocess.Popen(
        [sys.executable, "-m", "service", "up"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=up_processes.environment,
        start_new_session=True,
    )
    assert up.stdout is not None
    assert up.stderr is not None
    with up.stdout, up.stderr:
        while b"First sync of 3 providers:" not in up.stdout.readline():
            assert up.poll() is None
        up.stdout.close()
        # The reader has read enough.
        assert up.wait(60) == 0
        assert up.stderr.read() == b""
    assert not _started_by(data_dir)


def test_a_database_that_does_not_answer_is_one_line(
    up_processes: Processes, data_dir: Path
) -> None:
    url = f"postgresql://postgres:a-secret@127.0.0.1:{free_port()}/postgres"
    ended = _up_with(up_processes, DATABASE_URL=url)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 2
    assert "a-secret" not in ended.stderr


@pytest.mark.parametrize("below", ["file", "file/below", "/proc/nowhere"])
def test_a_data_directory_that_cannot_be_used_is_one_line(
    up_processes: Processes, tmp_path: Path, below: str
) -> None:
    (tmp_path / "file").touch()
    place = tmp_path / below
    ended = _up_with(up_processes, PRICING_DATA_DIR=str(place))
    assert (ended.returncode, ended.stdout) == (2, "")
    error, hint = ended.stderr.splitlines()
    assert error.startswith(f"error: {place} cannot be used: ")
    assert "PRICING_DATA_DIR" in hint


def test_a_read_only_checkout_is_one_line(open_path: Path) -> None:
    open_path.chmod(0o555)
    instance = Instance(open_path / ".pricing-sync")
    is_root = os.geteuid() == 0
    if is_root:
        # Root may write anywhere; a process of another user could not read this installation.
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        with pytest.raises(SettingsError, match="sync cannot be used: Permission denied"):
            instance.take()
    finally:
        if is_root:
            os.seteuid(0)
        open_path.chmod(0o755)


def test_an_address_that_is_not_understood_is_refused_before_anything_is_migrated(
    up_processes: Processes, empty_database: str
) -> None:
    wrong = "mysql://nobody@127.0.0.1/none"
    ended = _up_with(up_processes, DATABASE_URL=empty_database, PRICING_WEB_DATABASE_URL=wrong)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "PRICING_WEB_DATABASE_URL" in ended.stderr
    assert len(ended.stderr.splitlines()) == 2
    with psycopg.connect(empty_database) as connection:
        row = connection.execute("select to_regclass('public.pricing_sync_jobs')").fetchone()
    assert row == (None,)


@pytest.mark.long
def test_without_any_output_it_runs_all_the_same(
    up_processes: Processes, provider_server: ProviderServer
) -> None:
    command = [sys.executable, "-m", "service", "up", "--once"]
    ended = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&- 2>&-', "sh", *command],
        stdin=subprocess.DEVNULL,
        env=up_processes.environment,
        timeout=120,
    )
    assert ended.returncode == 0
    assert provider_server.requests("openrouter")


@pytest.mark.long
def test_a_full_disk_is_told_once(
    up_processes: Processes, provider_server: ProviderServer, data_dir: Path
) -> None:
    # Only buffered output is written once more at the very end.
    del up_processes.environment["PYTHONUNBUFFERED"]
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "service", "up", "--once", "--json"],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=up_processes.environment,
            timeout=120,
        )
    assert ended.returncode == 1
    assert "No space left on device" in ended.stderr
    assert "Exception ignored" not in ended.stderr
    assert not _started_by(data_dir)


@pytest.mark.long
def test_on_a_terminal_the_table_is_live(
    up_processes: Processes, provider_server: ProviderServer
) -> None:
    provider_server.answer("deepinfra", Answer(held=True))
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "up", "--once"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**up_processes.environment, "TERM": "xterm-256color", "COLUMNS": "120"},
        start_new_session=True,
    )
    os.close(terminal)
    output = b""
    # On Linux, reading fails once no process has the terminal open.
    while piece := _read(controller):
        output += piece
        if b"syncing" in output:
            provider_server.release()
    os.close(controller)
    assert process.wait(60) == 0
    text = output.decode()
    assert "\x1b[" in text
    assert "syncing" in text
    assert "seconds" in text
    assert "Traceback" not in text


def _read(controller: int) -> bytes:
    try:
        return os.read(controller, 65536)
    except OSError:
        return b""


@pytest.mark.long
def test_embedded_from_nothing_then_again_with_what_is_there(
    embedded_processes: tuple[Processes, Path],
) -> None:
    processes, place = embedded_processes
    data_dir = place / ".pricing-sync"
    first = subprocess.run(
        [sys.executable, "-m", "service", "up", "--once", "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=place,
        env=processes.environment,
        timeout=150,
    )
    assert first.returncode == 0, first.stderr
    by_name = {row["provider"]: row for row in json.loads(first.stdout)}
    assert by_name["catalogue"]["models_updated"] > 1000
    for row in by_name.values():
        # With or without a network: a live provider succeeds, or gives its reason in one line.
        assert row["status"] == "success" or "\n" not in row["error_message"]
    assert not _started_by(data_dir)

    second = processes.service("up", cwd=place)
    output = second.wait_for_output(READY)
    assert "Migrated" not in output
    # Other commands find the database that `up` runs.
    models = subprocess.run(
        [sys.executable, "-m", "service", "models", "--json", "--limit", "1001"],
        capture_output=True,
        text=True,
        cwd=place,
        env=processes.environment,
        check=True,
    )
    assert len(json.loads(models.stdout)) == 1001
    # GUI clients and psql, of any user, need a host and a password.
    url = subprocess.run(
        [sys.executable, "-m", "service", "database-url"],
        capture_output=True,
        text=True,
        cwd=place,
        env=processes.environment,
        check=True,
    ).stdout.strip()
    parts = urllib.parse.urlsplit(url)
    assert (parts.scheme, parts.hostname, parts.username) == ("postgresql", "127.0.0.1", "postgres")
    assert parts.port and parts.password and parts.path == "/pricing"
    assert parts.password not in second.output
    assert stat.S_IMODE((data_dir / "database-password").stat().st_mode) == 0o600
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) > 1000 from model_prices").fetchone() == (True,)
    assert second.stop() == 0
    assert not _started_by(data_dir)


@pytest.mark.long
def test_the_embedded_server_is_started_again(embedded_processes: tuple[Processes, Path]) -> None:
    processes, place = embedded_processes
    data_dir = place / ".pricing-sync"
    up = processes.service("up", cwd=place)
    up.wait_for_output(READY)
    os.kill(_server_pid(data_dir), signal.SIGQUIT)
    up.wait_for_output("The embedded Postgres does not answer; it is started again.")
    port = processes.environment["PRICING_PORT"]
    wait_until(lambda: _answers(port), 60, "the web process is ready again")
    assert up.stop() == 0
    assert not _started_by(data_dir)


@pytest.mark.long
def test_the_embedded_server_is_started_again_during_the_first_sync(
    embedded_processes: tuple[Processes, Path],
) -> None:
    processes, place = embedded_processes
    data_dir = place / ".pricing-sync"
    with running_provider_server() as server:
        # The worker and its fetch outlast the server.
        server.fill("openrouter", 20)
        server.answer("openrouter", Answer(delay=7))
        with EmbeddedPostgres(data_dir) as embedded:
            migrate(embedded.url)
            with psycopg.connect(embedded.url, row_factory=dict_row) as connection:
                _point(connection, "openrouter", server.base_url("openrouter"))
                connection.execute(
                    "update pricing_providers set enabled = false where slug = 'deepinfra'"
                )
        up = processes.service("up", cwd=place)
        up.wait_for_output("openrouter: syncing")
        wait_until(lambda: server.requests("openrouter"), what="a request")
        os.kill(_server_pid(data_dir), signal.SIGQUIT)
        up.wait_for_output("The embedded Postgres does not answer; it is started again.")
        assert "openrouter: done" in up.wait_for_output(READY)
    assert up.stop() == 0
    assert not _started_by(data_dir)


def _server_pid(data_dir: Path) -> int:
    return int((data_dir / HOME / "data" / "postmaster.pid").read_text().split()[0])


@pytest.mark.long
def test_ctrl_c_while_the_embedded_server_starts(
    embedded_processes: tuple[Processes, Path],
) -> None:
    processes, place = embedded_processes
    up = processes.service("up", cwd=place)
    up.wait_for_output("Starting the embedded Postgres")
    # As a terminal does it: the signal goes to the whole process group, initdb too.
    os.killpg(up.pid, signal.SIGINT)
    assert up.wait() == 130
    assert "error:" not in up.output
    assert not _started_by(place / ".pricing-sync")
