"""A synchronous connection that pins the session settings, behind a transaction-mode pooler too."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self, cast

import psycopg
from psycopg.abc import Params
from psycopg.rows import Row, TupleRow

from service.postgres.pinned_settings import PINS, SEARCH_PATH, pin_statement

_FOR_SESSION = pin_statement(PINS, search_path=SEARCH_PATH).encode()
# Role and timeouts go back to the operator's: a pooler without a server_reset_query passes on what
# its last client set, such as the role of the web process.
_FOR_TRANSACTION = (
    "set local role to default; set local statement_timeout to default;"
    " set local lock_timeout to default; "
    + pin_statement(PINS, search_path=SEARCH_PATH, local=True)
).encode()


class PinnedConnection(psycopg.Connection[TupleRow]):
    """``keeps_session``: whether the connection has one server session for as long as it is open.

    A pooler may give the server's session to another client after each transaction, and that
    client would get our settings. So behind a pooler each transaction begins with the settings,
    and they end with it.
    """

    keeps_session = False
    _is_shut_down = False

    def pin(self, seconds: float) -> None:
        """Set the session's settings; psycopg.OperationalError without an answer in ``seconds``."""
        silence = threading.Timer(seconds, self._shut_down)
        silence.daemon = True
        silence.start()
        try:
            row = psycopg.Cursor(self).execute("select pg_catalog.pg_backend_pid()").fetchone()
            # A pooler reports a made-up process id at the start of a connection.
            self.keeps_session = row == (self.info.backend_pid,)
            if self.keeps_session:
                psycopg.Cursor(self).execute(_FOR_SESSION)
            else:
                # BEGIN names the level, whatever the server's default is.
                self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
                # A pooler in statement mode refuses a transaction of two statements.
                for statement in (b"begin", b"commit"):
                    psycopg.Cursor(self).execute(statement)
        except psycopg.OperationalError:
            if not self._is_shut_down:
                raise
            raise psycopg.OperationalError(
                f"no answer within {seconds:g} s, as of a pooler that has no connection free"
            ) from None
        finally:
            silence.cancel()
        self.cursor_factory = PinnedCursor

    @contextmanager
    def transaction(
        self, savepoint_name: str | None = None, force_rollback: bool = False
    ) -> Iterator[psycopg.Transaction]:
        needs_pins = self.needs_pins
        with super().transaction(savepoint_name, force_rollback) as transaction:
            if needs_pins:
                self.pin_transaction()
            yield transaction

    @property
    def needs_pins(self) -> bool:
        """Whether the next statement begins a transaction without our settings."""
        idle = psycopg.pq.TransactionStatus.IDLE
        return not self.keeps_session and self.info.transaction_status == idle

    def pin_transaction(self) -> None:
        psycopg.Cursor(self).execute(_FOR_TRANSACTION)

    def _shut_down(self) -> None:
        self._is_shut_down = True
        with suppress(OSError), socket.socket(fileno=os.dup(self.pgconn.socket)) as own:
            own.shutdown(socket.SHUT_RDWR)


class PinnedCursor(psycopg.Cursor[Row]):
    """Runs a statement outside of a transaction in one of its own, where it needs the settings."""

    def execute(self, query: Any, params: Params | None = None, **options: Any) -> Self:
        connection = cast(PinnedConnection, self.connection)
        if not connection.needs_pins:
            return super().execute(query, params, **options)
        if not connection.autocommit:
            connection.pin_transaction()
            return super().execute(query, params, **options)
        with connection.transaction():
            return super().execute(query, params, **options)


class PinnedRawCursor(PinnedCursor[Row], psycopg.RawCursor[Row]):
    """The same for statements with ``$1`` placeholders."""
