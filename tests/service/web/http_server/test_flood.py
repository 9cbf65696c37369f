"""More connections than descriptors: the health check is answered, and the log stays short."""

from __future__ import annotations

import resource
import socket
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2
import pytest

from service.errors import SettingsError
from service.web.http_server.descriptors import LEAST, RESERVED, connection_limit
from service.web.http_server.protocol import TIMEOUTS
from service.web.http_server.repeated_lines import EVERY_SECONDS
from tests.service.web.raw_http import HEAD, HEALTH, connected, is_over
from tests.service.web.running import TRIGGER
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, Process, Processes, answers
from tests.support.waiting import wait_until

POST = f"POST {TRIGGER} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {ADMIN_KEY}\r\n".encode()
SENT = (
    b"",
    b"GET /hea",
    HEAD,
    POST + b"Content-Length: 100\r\n\r\n{}",
    POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    HEALTH * 100 + HEAD,
)
# A busy machine needs this time for 500 connections.
BOUND_SECONDS = 10.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def serve_with(processes: Processes, descriptors: int) -> tuple[Process, str]:
    port = free_port()
    process = processes.start(
        "tests.service.web.few_descriptors",
        str(descriptors),
        "serve",
        PRICING_PORT=str(port),
        PRICING_ACCESS_LOG="off",
    )
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{url}/health/ready") or not process.is_running, 60, "it serves")
    assert process.is_running, process.output
    return process, url


def asked_health(url: str) -> float:
    """The seconds until a new client gets its 200."""
    began = time.monotonic()
    with httpx2.Client(timeout=BOUND_SECONDS) as client:
        assert client.get(f"{url}/health").status_code == 200
    return time.monotonic() - began


def descriptors_of(process: Process) -> int:
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


@pytest.mark.long
def test_500_half_sent_requests_on_256_descriptors(processes: Processes) -> None:
    process, url = serve_with(processes, 256)
    began = time.monotonic()
    assert "256 files: 174 connections" in process.output
    before = descriptors_of(process)
    with ExitStack() as stack:
        halves = []
        for n in range(500):
            halves.append(stack.enter_context(connected(url)))
            # The server may have closed it already in favour of a later one.
            with suppress(OSError):
                halves[-1].sendall(SENT[n % len(SENT)])
            if n % 100 == 99:
                assert asked_health(url) < BOUND_SECONDS
        assert descriptors_of(process) < 256
        # Only the server closes connections, and it does so when the deadlines are over.
        latest = max(TIMEOUTS.head, TIMEOUTS.body) + TIMEOUTS.closing
        wait_until(lambda: all(map(is_over, halves)), latest + BOUND_SECONDS, "all are ended")
        wait_until(lambda: descriptors_of(process) <= before + 2, what="all is given back")
    assert asked_health(url) < BOUND_SECONDS
    assert "Too many open files" not in process.output
    # The log has the first closed connections, and counts of the others.
    most = 30 + 5 * (time.monotonic() - began) / EVERY_SECONDS
    assert len(process.output.splitlines()) < most, process.output


def test_without_descriptors_it_pauses_and_says_so_once(processes: Processes) -> None:
    process, url = serve_with(processes, 256)
    hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[1]
    # As if other files had taken all descriptors.
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (descriptors_of(process), hard))
    with connected(url), connected(url), socket.socket() as late:
        began = time.monotonic()
        late.connect(connected_address(url))
        process.wait_for_output("accepting no connections")
        time_over = time.monotonic() + 3
        wait_until(lambda: time.monotonic() > time_over, 5, "it has tried again")
        said = process.output.count("accepting no connections")
        assert 1 <= said <= 1 + (time.monotonic() - began) / EVERY_SECONDS, process.output
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        # The waiting connections are served.
        late.sendall(HEALTH)
        late.settimeout(BOUND_SECONDS)
        assert late.recv(12) == b"HTTP/1.1 200"
    assert asked_health(url) < BOUND_SECONDS


def connected_address(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


def test_too_few_descriptors_for_anything_are_refused(processes: Processes) -> None:
    few = str(RESERVED + LEAST)
    process = processes.start("tests.service.web.few_descriptors", few, "serve")
    assert process.wait() == 2
    assert "ulimit -n" in process.output


def test_the_soft_limit_is_raised_where_that_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [(64, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: limits.append(limit))
    assert connection_limit(1000, of_database=9) == 1000
    assert limits[-1] == (1000 + RESERVED + 18, 4096)
    limits.append((64, 512))
    assert connection_limit(1000, of_database=9) == 512 - RESERVED - 18
    limits.append((64, 64))
    with pytest.raises(SettingsError):
        connection_limit(1000, of_database=9)
