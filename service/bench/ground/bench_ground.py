"""What one run of the benchmark shares: a server that starts when a scenario first needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

from service.bench.ground.bench_server import BenchServer, running_server
from service.bench.ground.installation import Installation, installation
from service.up.stopping import StopSignals


class BenchGround:
    """``is_quick``: the run may take minutes, so loads are smaller where ratios stay the same.

    ``signals`` wait while the server starts: it is stopped like one that runs.
    """

    def __init__(self, signals: StopSignals, *, is_quick: bool) -> None:
        self.is_quick = is_quick
        self.signals = signals
        self._stack = ExitStack()
        self._server: BenchServer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def server(self) -> BenchServer:
        if self._server is None:
            with self.signals.deferred():
                self._server = self._stack.enter_context(running_server())
        return self._server

    @property
    def has_server(self) -> bool:
        return self._server is not None

    @contextmanager
    def installation(self) -> Iterator[Installation]:
        with installation(self.server, self.signals) as each:
            yield each
