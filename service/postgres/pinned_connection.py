"""A synchronous connection whose statements run under our settings, behind a pooler too."""

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
# What is the operator's word is so again: a pooler without a server_reset_query hands on what its
# last client has set, such as the role of the web process.
_FOR_TRANSACTION = (
    "set local role to default; set local statement_timeout to default;"
    " set local lock_timeout to default; "
    + pin_statement(PINS, search_path=SEARCH_PATH, local=True)
).encode()


class PinnedConnection(psycopg.Connection[TupleRow]):
    """``lasts``: one session of the server for as long as it is open, as far as we can tell.

    Where a pooler is in between, its server's connection may go to another client after each
    transaction. What is set for a session would go with it, so each transaction of ours begins
    with the settings, and they end with it.
    """

    lasts = False
    _is_hung_up = False

    def pin(self, seconds: float) -> None:
        """Set what a session can keep; psycopg.OperationalError without an answer in time."""
        silence = threading.Timer(seconds, self._hang_up)
        silence.daemon = True
        silence.start()
        try:
            row = psycopg.Cursor(self).execute("select pg_catalog.pg_backend_pid()").fetchone()
            # A pooler makes up the process id that it tells when one connects.
            self.lasts = row == (self.info.backend_pid,)
            if self.lasts:
                psycopg.Cursor(self).execute(_FOR_SESSION)
            else:
                # Whatever the server's default is: by the BEGIN itself.
                self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
                # Two statements: a pooler in statement mode refuses what is between them.
                for statement in (b"begin", b"commit"):
                    psycopg.Cursor(self).execute(statement)
        except psycopg.OperationalError:
            if not self._is_hung_up:
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
        """Whether the next statement begins a transaction that knows nothing of our settings."""
        idle = psycopg.pq.TransactionStatus.IDLE
        return not self.lasts and self.info.transaction_status == idle

    def pin_transaction(self) -> None:
        psycopg.Cursor(self).execute(_FOR_TRANSACTION)

    def _hang_up(self) -> None:
        self._is_hung_up = True
        with suppress(OSError), socket.socket(fileno=os.dup(self.pgconn.socket)) as own:
            own.shutdown(socket.SHUT_RDWR)


class PinnedCursor(psycopg.Cursor[Row]):
    """Gives a statement outside of a transaction one of its own, where that is needed."""

    def execute(self, query: Any, params: Params | None = None, **options: Any) -> Self:
        connection = cast(PinnedConnection, self.connection)
        if not connection.needs_pins:
            return super().execute(query, params, **options)
        if not connection.autocommit:
            connection.pin_transaction()
            return super().execute(query, params, **options)
        with connection.transaction():
            return super().execute(query, params, **options)
