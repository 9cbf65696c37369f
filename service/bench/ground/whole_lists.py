"""Whole lists as streams: rows, time, and what they add to the memory of the web process."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx2

from service.bench.ground.list_cases import Route
from service.bench.ground.our_processes import OurProcess
from service.bench.measurement import Measurement
from service.errors import BenchFailed

STREAMS = ("application/x-ndjson", "text/csv")
# The longest lists have millions of rows; their streams are left after this time.
LONGEST_SECONDS, QUICK_SECONDS = 20.0, 2.0
SLOW_READERS = 4
SLOW_SECONDS = 10.0


def measure_streams(
    client: httpx2.Client, web: OurProcess, routes: Sequence[Route], *, is_quick: bool
) -> Iterator[Measurement]:
    """Of a web process that was started for it: what pages have left free hides growth."""
    streamed = [(route, kind) for route in routes for kind in STREAMS if kind in route.types]
    # What the first page imports is no part of a stream.
    for route, _ in streamed:
        client.get(route.cases[0].path, params=dict(route.cases[0].query))
    before, grown, rates = web.memory_mb(), [], []
    for route, kind in streamed:
        web.reset_peak()
        started = time.perf_counter()
        rows = _read(client, route, kind, QUICK_SECONDS if is_quick else LONGEST_SECONDS)
        rates.append(rows / (time.perf_counter() - started))
        grown.append(web.memory_mb("VmHWM") - before)
    yield Measurement(
        "pages.stream-memory", "what a whole list adds to the web process", "MB", tuple(grown),
        statistic="most",
    )  # fmt: skip
    yield Measurement("pages.stream-rate", "rows of a whole list in a second", "/s", tuple(rates))
    web.reset_peak()
    times = tuple(_beside_slow_readers(client, streamed[0][0]))
    yield Measurement(
        "pages.slow-readers", f"what {SLOW_READERS} clients add that hardly read", "MB",
        (web.memory_mb("VmHWM") - before,),
    )  # fmt: skip
    yield Measurement(
        "pages.beside-slow-readers", "`/health/ready` beside them", "ms", times, statistic="p99"
    )  # fmt: skip


def _read(client: httpx2.Client, route: Route, kind: str, seconds: float) -> int:
    """The rows that came; BenchFailed for a stream that breaks off."""
    case, rows = route.cases[0], 0
    deadline = time.perf_counter() + seconds
    headers = {"Accept": kind, "Accept-Encoding": "identity"}
    try:
        with client.stream("GET", case.path, params=dict(case.query), headers=headers) as answer:
            answer.raise_for_status()
            for part in answer.iter_bytes():
                rows += part.count(b"\n")
                if time.perf_counter() > deadline:
                    break
    except httpx2.HTTPError as error:
        raise BenchFailed(f"{route.path} as {kind} broke off: {error}") from None
    return rows


def _beside_slow_readers(client: httpx2.Client, route: Route) -> Iterator[float]:
    """Several clients that hardly read, and what another request takes meanwhile."""
    with ExitStack() as stack:
        readers = [stack.enter_context(_request(client, route)) for _ in range(SLOW_READERS)]
        until = time.perf_counter() + SLOW_SECONDS
        while time.perf_counter() < until:
            for reader in readers:
                reader.recv(2048)
            started = time.perf_counter()
            client.get("/health/ready").raise_for_status()
            yield (time.perf_counter() - started) * 1000
            time.sleep(0.05)


def _request(client: httpx2.Client, route: Route) -> socket.socket:
    address = urlsplit(str(client.base_url))
    opened = socket.socket()
    # A small buffer, so that the server has to wait.
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.settimeout(60)
    opened.connect((address.hostname, address.port))
    opened.sendall(
        f"GET {route.cases[0].path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: {client.headers['Authorization']}\r\n"
        f"Accept: {STREAMS[0]}\r\n\r\n".encode()
    )
    return opened
