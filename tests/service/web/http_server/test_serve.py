"""The web process as operators run it."""

from __future__ import annotations

import re
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from service.web.http_server.web_server import GRACE_SECONDS
from tests.service.web.running import ACTIVE, TRIGGER, half_sent
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, ROOT, Process, Processes
from tests.support.waiting import wait_until

# Adapters, HTTP clients and the engine, none of which a web process needs.
FOREIGN_MODULES = (
    "genai_prices",
    "httpcore2",
    "httpx2",
    "procrastinate",
    "service.engine",
    "service.fetch",
    "service.providers",
    "service.sync",
    "service.worker",
)


def serve(processes: Processes, *, expect: str = "ready", **variables: str) -> tuple[Process, str]:
    """Start ``serve`` on a free port and wait until it answers."""
    port = free_port()
    variables["PRICING_PORT"] = str(port)
    process = processes.service("serve", may_fail=False, cwd=ROOT, **variables)
    url = f"http://127.0.0.1:{port}"
    path = "/health/ready" if expect == "ready" else "/health"
    wait_until(lambda: answers(url + path) or not process.is_running, 60, "the server answers")
    assert process.is_running, process.output
    return process, url


def answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=30).status_code == 200
    except httpx2.TransportError:
        return False


def client_of(url: str, key: str = ADMIN_KEY) -> httpx2.Client:
    return httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60)


def test_it_ends_on_sigterm(processes: Processes) -> None:
    process, _ = serve(processes)

    assert process.stop(timeout=10) == 0


def test_it_ends_on_ctrl_c(processes: Processes) -> None:
    process, _ = serve(processes)
    process.send(signal.SIGINT)

    assert process.wait(10) in (0, 130)


def test_who_waits_is_answered_before_it_ends(
    processes: Processes, connection: psycopg.Connection[DictRow]
) -> None:
    process, url = serve(processes)
    with client_of(url) as client, ThreadPoolExecutor(1) as threads:
        poll_url = client.post(TRIGGER).json()["poll_url"]
        answer = threads.submit(client.get, poll_url, params={"wait": 60})
        wait_until(lambda: has_read_a_job(connection), what="somebody waits")

        process.send(signal.SIGTERM)

        assert process.wait(10) == 0
        assert answer.result().status_code == 200
        assert answer.result().json()["finished"] is False


def test_half_sent_bodies_do_not_delay_the_end(processes: Processes) -> None:
    process, url = serve(processes)
    with ExitStack() as stack:
        halves = [stack.enter_context(half_sent(url)) for _ in range(50)]
        # The server answers this only after the halves have arrived.
        assert answers(f"{url}/health")

        began = time.monotonic()
        assert process.stop(timeout=10) == 0
        # A client that blocked the stop would use up the whole grace period.
        assert time.monotonic() - began < GRACE_SECONDS - 1
        assert {half.recv(4096)[:13] for half in halves} == {b"HTTP/1.1 408 "}
    assert "Traceback" not in process.output
    assert "Cancel" not in process.output


def has_read_a_job(connection: psycopg.Connection[DictRow]) -> bool:
    row = connection.execute(
        "select from pg_stat_activity where datname = current_database()"
        " and application_name = 'pricing-sync web' and query like '%pricing_sync_progress%'"
    ).fetchone()
    return row is not None


def test_it_takes_the_role_of_the_web_process(
    processes: Processes, connection: psycopg.Connection[DictRow]
) -> None:
    """The process only selects and executes, unlike the owner."""
    connection.execute("revoke select on public.pricing_sync_progress from pricing_web")
    _, url = serve(processes)

    with client_of(url) as client:
        assert client.get(ACTIVE).json()["error"]["code"] == "not_permitted"


def test_it_refuses_to_start_without_any_admin_key(processes: Processes) -> None:
    process = processes.service("serve", PRICING_ADMIN_KEY="", PRICING_PORT=str(free_port()))

    assert process.wait() == 2
    assert "PRICING_ADMIN_KEY" in process.output
    assert "Traceback" not in process.output


def test_a_reading_key_is_not_enough_to_start(
    processes: Processes, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute("select public.create_pricing_api_key('dashboard', 'read')")
    process = processes.service("serve", PRICING_ADMIN_KEY="", PRICING_PORT=str(free_port()))

    assert process.wait() == 2


def test_a_stored_admin_key_is_enough_to_start(
    processes: Processes, connection: psycopg.Connection[DictRow]
) -> None:
    row = connection.execute(
        "select public.create_pricing_api_key('night shift') as key"
    ).fetchone()
    assert row is not None
    _, url = serve(processes, PRICING_ADMIN_KEY="")

    with client_of(url, row["key"]) as client:
        assert client.post(TRIGGER).status_code == 202


def test_without_a_database_it_starts_and_says_so(processes: Processes) -> None:
    nobody = f"postgresql://postgres@127.0.0.1:{free_port()}/postgres"
    process, url = serve(processes, expect="alive", PRICING_ADMIN_KEY="", DATABASE_URL=nobody)

    assert httpx2.get(f"{url}/health/ready", timeout=30).status_code == 503
    assert process.stop(timeout=10) == 0


def test_a_port_that_is_taken(processes: Processes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = processes.service("serve", PRICING_PORT=str(port))

        assert process.wait() == 1
    assert str(port) in process.output
    assert "PRICING_PORT" in process.output
    assert "Traceback" not in process.output


def test_no_secret_is_logged(
    processes: Processes, database: str, connection: psycopg.Connection[DictRow]
) -> None:
    row = connection.execute(
        "select public.create_pricing_api_key('night shift') as key"
    ).fetchone()
    assert row is not None
    process, url = serve(processes, PRICING_LOG_LEVEL="DEBUG")
    for key in (ADMIN_KEY, row["key"], "psk_0123456789ab_" + "5" * 64, "wrong-key-of-somebody"):
        with client_of(url, key) as client:
            client.post(TRIGGER)
    connection.execute("revoke execute on all functions in schema public from pricing_web")
    with client_of(url) as client:
        client.post(TRIGGER)
    process.stop()

    for secret in (ADMIN_KEY, row["key"], "5" * 64, "wrong-key-of-somebody"):
        assert secret not in process.output
    password = urlsplit(database).password
    assert password is None or password not in process.output


def test_it_imports_neither_adapters_nor_the_engine(processes: Processes) -> None:
    process, url = serve(processes, PYTHONVERBOSE="1")
    with client_of(url) as client:
        assert client.post(TRIGGER).status_code == 202
        assert client.get(ACTIVE).status_code == 200
    process.stop()

    imported = set(re.findall(r"^import '([\w.]+)' #", process.output, re.MULTILINE))
    assert "service.web.app" in imported
    assert sorted(name for name in imported if name.startswith(FOREIGN_MODULES)) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_opens_no_connection_to_a_provider(
    processes: Processes, database: str, connection: psycopg.Connection[DictRow]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as provider:
        provider.setblocking(False)
        address = f"http://127.0.0.1:{provider.getsockname()[1]}"
        connection.execute("update pricing_providers set base_url = %s", [address])
        process, url = serve(processes)
        with client_of(url) as client:
            before = remote_ports(process.pid)
            for _ in range(10):
                assert client.post(TRIGGER).status_code == 202
            during = remote_ports(process.pid)
            own = {urlsplit(url).port, urlsplit(database).port}

        with pytest.raises(BlockingIOError):
            provider.accept()
    # Clients have ports that the system chose; the process itself connects only to its database.
    called = {remote for local, remote in before | during if local != urlsplit(url).port}
    assert called <= own
    assert called


def remote_ports(pid: int) -> set[tuple[int, int]]:
    """Local and remote port of each TCP connection that a process holds, IPv4 and IPv6."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if match := re.fullmatch(r"socket:\[(\d+)\]", target):
            inodes.add(match[1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            local, remote = (int(field.rpartition(":")[2], 16) for field in fields[1:3])
            if fields[9] in inodes and remote:
                found.add((local, remote))
    return found
