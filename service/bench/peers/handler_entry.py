"""Tells the benchmark when a handler was entered: sends the time to the port in BENCH_PORT."""

from __future__ import annotations

import os
import socket
import time
from importlib import import_module
from typing import Any

VARIABLE = "BENCH_PORT"

_port = int(os.environ.get(VARIABLE, "0"))


def entered() -> None:
    """Without that variable nothing listens."""
    if _port:
        at = repr(time.time()).encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(at, ("127.0.0.1", _port))


def oban_job() -> Any:
    """oban's job that does nothing, which a worker knows by this module's and its own name."""
    oban: Any = import_module("oban")

    async def noop() -> None:
        entered()

    return oban.job(queue="default")(noop)
