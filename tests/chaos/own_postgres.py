"""A Postgres for one run alone, which may be stopped, restarted and killed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from service.embedded.embedded_postgres import database_url
from service.embedded.postgres_server import PostgresServer, unprivileged_account
from service.embedded.server_programs import server_programs
from tests.support.postgres import free_port, installed_programs
from tests.support.waiting import wait_until

DATABASE = "pricing"
OPERATOR = "operator"
SUPERUSER = "postgres"
PASSWORD = "for-this-run-only"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # Acknowledged writes must survive a crash of the server, but not one of the machine.
    "fsync": "off",
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %a ",
}


COMPLAINT = re.compile(r"(?:ERROR|WARNING):  (deadlock detected|pricing-sync: .*)")
NUMBER = re.compile(r"\d+")


class OwnPostgres:
    """``superuser_url`` connects the suite by socket; processes use ``port``."""

    def __init__(self, home: Path) -> None:
        account = unprivileged_account()
        account.own(home)
        self._programs = installed_programs() or server_programs(home, account)
        self._home, self._account = home, account
        self.port = free_port()
        self.log = home / "log"
        self._server = PostgresServer(self._programs, home, self.log, account, SETTINGS, self.port)
        self.superuser_url = database_url(home, DATABASE, self.port)

    def create(self) -> None:
        """Start a server with an ordinary user's database on it, as on a hosted Postgres."""
        self._server.create_data("--locale=C", "--auth-host=scram-sha-256")
        self._server.start(self._home)
        # pg_ctl runs as the server's user and appends to this file.
        os.chown(self.log, self._account.uid, self._account.gid)
        with psycopg.connect(
            database_url(self._home, "postgres", self.port), autocommit=True
        ) as connection:
            connection.execute(
                f"create role {OPERATOR} login createrole password '{PASSWORD}'".encode()
            )
            connection.execute(f"create database {DATABASE} owner {OPERATOR}".encode())
            # The database's setting is one of the faults and applies to the processes only.
            connection.execute(f"alter role {SUPERUSER} set statement_timeout = 0".encode())

    def create_login(self, name: str) -> None:
        """Create a user with the operator's rights; its name identifies a process's sessions."""
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            statement = f"create role \"{name}\" login password '{PASSWORD}' in role {OPERATOR}"
            connection.execute(statement.encode())

    def url(self, user: str = OPERATOR, port: int | None = None) -> str:
        """The URL for the processes, directly or through a proxy's port."""
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{port or self.port}/{DATABASE}"

    def restart(self) -> None:
        """Run ``pg_ctl restart -m immediate``: every session is lost, and recovery runs."""
        self._pg_ctl("restart", "-m", "immediate", "-l", str(self.log))

    def stop(self, mode: str) -> None:
        self._pg_ctl("stop", "-m", mode)

    def start(self) -> None:
        self._server.start(self._home)

    def kill_backend(self, pid: int) -> bool:
        """SIGKILL one session's process; the server then ends all others.

        False when the session has ended already, for example with a killed client.
        """
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def wait_until_up(self, timeout: float = 60) -> None:
        wait_until(self._answers, timeout, "Postgres answers", every=0.01)

    def complaints(self) -> Counter[str]:
        """Lines of the server's log about deadlocks and about failures of our functions."""
        found = COMPLAINT.findall(self.log.read_text(errors="replace"))
        return Counter(NUMBER.sub("#", complaint) for complaint in found)

    def end(self) -> None:
        self._server.stop()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.superuser_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _pg_ctl(self, command: str, *options: str) -> None:
        result = subprocess.run(
            [
                str(self._programs / "pg_ctl"),
                command,
                "-D",
                str(self._server.data),
                "-w",
                "-t",
                "60",
                *options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd=self._home,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            timeout=90,
            **self._account.popen_arguments(),
        )
        if result.returncode != 0:
            raise RuntimeError(f"pg_ctl {command} ended with {result.returncode}")
        if self._server.process is not None:
            # This process has ended; the pid file finds a server that pg_ctl started.
            self._server.process.wait(10)
            self._server.process = None


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """A running server, removed afterwards with all its data."""
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    server = OwnPostgres(home)
    try:
        server.create()
        yield server
    finally:
        server.end()
        shutil.rmtree(home, ignore_errors=True)
