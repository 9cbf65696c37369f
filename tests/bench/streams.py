"""Measure whole lists as streams: time, bytes, and the memory of the web process.

Linux only: the peak of a process's memory is reset and read in ``/proc``.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from tests.bench.list_cases import Route

STREAMS = ("application/x-ndjson", "text/csv")
MOST_MEMORY_MB = 64
# The longest lists have millions of rows; their streams are left after this time.
LONGEST_SECONDS = 20.0
LEFT, BROKEN = " (left)", " (broken off)"
SLOW_READERS = 4
SLOW_SECONDS = 10.0


@dataclass(frozen=True)
class Read:
    """What arrived; ``end``: why it is not the whole list."""

    rows: int
    size: int
    end: str = ""


def measure(client: httpx2.Client, pid: int, routes: Sequence[Route]) -> list[str]:
    """Measure a web process that was started for it: what pages have left free hides growth.

    Prints a line for each stream; returns those that broke off or took too much memory."""
    streamed = [(route, kind) for route in routes for kind in STREAMS if kind in route.types]
    if not streamed:
        return []
    print("\n| list | as | rows | MB | seconds | memory, MB |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    # What the first page imports is no part of a stream.
    for route, _ in streamed:
        client.get(route.cases[0].path, params=dict(route.cases[0].query))
    before = _memory(pid, "VmRSS")
    over = []
    for route, kind in streamed:
        started = time.perf_counter()
        _reset_peak(pid)
        read = _read(client, route, kind, LONGEST_SECONDS)
        taken, grown = time.perf_counter() - started, _peak(pid) - before
        print(
            f"| `{route.path}` | {kind} | {read.rows:,}{read.end} | {read.size / 1e6:.1f}"
            f" | {taken:.1f} | {grown:.1f} |",
            flush=True,
        )
        if grown >= MOST_MEMORY_MB or read.end == BROKEN:
            over.append(f"{route.path} as {kind}: {grown:.0f} MB{read.end}")
    return over + _measure_slow_readers(client, pid, streamed[0][0], before)


def _read(client: httpx2.Client, route: Route, kind: str, seconds: float) -> Read:
    case = route.cases[0]
    rows = size = 0
    deadline = time.perf_counter() + seconds
    headers = {"Accept": kind, "Accept-Encoding": "identity"}
    try:
        with client.stream("GET", case.path, params=dict(case.query), headers=headers) as answer:
            answer.raise_for_status()
            for part in answer.iter_bytes():
                rows, size = rows + part.count(b"\n"), size + len(part)
                if time.perf_counter() > deadline:
                    return Read(rows, size, LEFT)
    except httpx2.HTTPError:
        return Read(rows, size, BROKEN)
    return Read(rows, size)


def _measure_slow_readers(
    client: httpx2.Client, pid: int, route: Route, before: float
) -> list[str]:
    """Several clients that hardly read: what they cost in memory, and other requests in time."""
    _reset_peak(pid)
    times: list[float] = []
    with ExitStack() as stack:
        readers = [stack.enter_context(_request(client, route)) for _ in range(SLOW_READERS)]
        until = time.perf_counter() + SLOW_SECONDS
        while time.perf_counter() < until:
            for reader in readers:
                reader.recv(2048)
            started = time.perf_counter()
            client.get("/health/ready").raise_for_status()
            times.append((time.perf_counter() - started) * 1000)
            time.sleep(0.05)
    grown = _peak(pid) - before
    p95 = sorted(times)[int(len(times) * 0.95)]
    print(
        f"\n{SLOW_READERS} slow readers of `{route.path}`: {grown:.1f} MB in all; meanwhile"
        f" `/health/ready` p95={p95:.1f} ms max={max(times):.1f} ms",
        flush=True,
    )
    return [f"slow readers: {grown:.0f} MB"] if grown >= MOST_MEMORY_MB else []


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


def _reset_peak(pid: int) -> None:
    """Forget the peak of the process's memory."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _peak(pid: int) -> float:
    return _memory(pid, "VmHWM")


def _memory(pid: int, name: str) -> float:
    """In MB."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    assert found is not None
    return int(found[1]) / 1024
