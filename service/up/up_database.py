"""The database of one ``up``: that of DATABASE_URL, or the embedded server, kept running."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import psycopg

from service.calls.jobs import LONGEST_OUTAGE_SECONDS
from service.database_address.address import DatabaseAddress
from service.embedded.embedded_postgres import EmbeddedPostgres
from service.errors import DatabaseUnavailable
from service.postgres.connect import connect
from service.settings import Settings
from service.terminal.output import Terminal
from service.up.stopping import StopSignals

T = TypeVar("T")

PROBE_SECONDS = 2.0
# An embedded server that recovers from a crash needs a moment.
PROBES = 2
ASK_AGAIN_SECONDS = 0.2


class UpDatabase:
    def __init__(self, settings: Settings, terminal: Terminal, signals: StopSignals) -> None:
        self._settings = settings
        self._say = terminal.say
        self._signals = signals
        self._embedded: EmbeddedPostgres | None = None
        self._address: DatabaseAddress | None = None
        self._probed_at = 0.0
        self._failed_probes = 0

    @property
    def address(self) -> DatabaseAddress:
        if self._address is None:
            raise RuntimeError("the database is not started yet")
        return self._address

    @property
    def is_embedded(self) -> bool:
        return self._embedded is not None

    @property
    def is_running_embedded(self) -> bool:
        return self._embedded is not None and bool(self._embedded.url)

    @property
    def client_port(self) -> int | None:
        """Where other programs reach the embedded server; None: nowhere, or another server."""
        return None if self._embedded is None else self._embedded.tcp_port

    def start(self) -> str | None:
        """Start the embedded server unless DATABASE_URL names another; returns its URL."""
        if self._settings.database_url is not None:
            self._address = self._settings.database_url
            return None
        data_dir = self._settings.data_dir
        self._say(f"Starting the embedded Postgres in {data_dir} ...")
        self._embedded = EmbeddedPostgres(data_dir)
        with self._signals.deferred():
            url = self._embedded.start()
        self._address = DatabaseAddress.from_text("DATABASE_URL", url)
        return url

    def stop(self) -> None:
        if self._embedded is not None:
            self._embedded.stop()

    def ask(self, question: Callable[[psycopg.Connection], T], while_away: Callable[[], None]) -> T:
        """Ask the database; while the embedded server is started again, ask again."""
        deadline = time.monotonic() + LONGEST_OUTAGE_SECONDS
        while True:
            try:
                with connect(self.address, autocommit=True) as connection:
                    return question(connection)
            except DatabaseUnavailable:
                if self._embedded is None or time.monotonic() > deadline:
                    raise
            while_away()
            time.sleep(ASK_AGAIN_SECONDS)

    def probe(self) -> None:
        """Start the embedded server again when it does not answer: no service manager does."""
        if self._embedded is None or time.monotonic() - self._probed_at < PROBE_SECONDS:
            return
        self._probed_at = time.monotonic()
        try:
            connect(self.address).close()
            self._failed_probes = 0
        except DatabaseUnavailable:
            self._failed_probes += 1
        if self._failed_probes >= PROBES:
            self._say("The embedded Postgres does not answer; it is started again.", style="yellow")
            with self._signals.deferred():
                self._embedded.stop()
                self._embedded.start()
            self._failed_probes = 0
