"""Other queues in Postgres, each with the shortest worker and the shortest way to add a job.

A worker runs in a process of its own (``queue_worker.py``). A queue that is not installed is left
out, and the report says so.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

from service.bench.peers.handler_entry import oban_job
from service.bench.peers.queue_worker import stock_app

T = TypeVar("T")


class QueuePeer(ABC):
    """``kind`` is the word for ``queue_worker.py``; ``open`` makes the queue's tables."""

    name: str
    kind: str
    module: str

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def open(self, url: str, stack: ExitStack) -> None:
        self._await(self._open(url))
        stack.callback(self._runner.close)
        stack.callback(lambda: self._await(self._close()))

    def defer(self) -> float:
        """Add a job; returns the time at which its commit was acknowledged."""
        return self._await(self._timed())

    def _await(self, work: Awaitable[T]) -> T:
        async def run() -> T:
            return await work

        return self._runner.run(run())

    async def _timed(self) -> float:
        await self._defer()
        return time.time()

    @abstractmethod
    async def _open(self, url: str) -> None: ...

    @abstractmethod
    async def _defer(self) -> None: ...

    @abstractmethod
    async def _close(self) -> None: ...


class Stock(QueuePeer):
    name, kind, module = "procrastinate as it comes", "stock", "procrastinate"

    async def _open(self, url: str) -> None:
        self._app = stock_app(url)
        await self._app.open_async()
        await self._app.schema_manager.apply_schema_async()

    async def _defer(self) -> None:
        await self._app.tasks["stock"].defer_async()

    async def _close(self) -> None:
        await self._app.close_async()


class PgQueuer(QueuePeer):
    name, kind, module = "pgqueuer", "pgqueuer", "pgqueuer"

    async def _open(self, url: str) -> None:
        asyncpg: Any = import_module("asyncpg")
        pgqueuer: Any = import_module("pgqueuer")
        self._connection = await asyncpg.connect(url)
        self._queries = pgqueuer.Queries.from_asyncpg_connection(self._connection)
        await self._queries.install()

    async def _defer(self) -> None:
        await self._queries.enqueue("noop", None)

    async def _close(self) -> None:
        await self._connection.close()


class Oban(QueuePeer):
    name, kind, module = "oban", "oban", "oban"

    async def _open(self, url: str) -> None:
        oban: Any = import_module("oban")
        self._pool = await oban.Oban.create_pool(url)
        await import_module("oban.schema").install(self._pool)
        self._oban = oban.Oban(pool=self._pool)
        await self._oban.start()
        self._job = oban_job()

    async def _defer(self) -> None:
        await self._oban.enqueue(self._job.new())

    async def _close(self) -> None:
        await self._oban.stop()
        await self._pool.close()


ALL: tuple[type[QueuePeer], ...] = (Stock, PgQueuer, Oban)


def installed_peers() -> list[QueuePeer]:
    return [peer() for peer in ALL if find_spec(peer.module) is not None]


def missing_note() -> str:
    """What the report says of queues that are not installed; empty if all are."""
    missing = [peer.name for peer in ALL if find_spec(peer.module) is None]
    return f"not installed, so not beside it: {', '.join(missing)}" if missing else ""
