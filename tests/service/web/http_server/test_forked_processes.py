"""``serve --workers N`` as operators run it."""

from __future__ import annotations

import os
import signal

import httpx2
import psutil

from tests.service.web.http_server.test_serve import answers, client_of
from tests.support.postgres import free_port
from tests.support.processes import Process, Processes
from tests.support.waiting import wait_until

WORKERS = 2
REQUESTS = 30


def serve(processes: Processes, **variables: str) -> tuple[Process, str]:
    port = free_port()
    process = processes.service("serve", "--workers", str(WORKERS), PRICING_PORT=str(port))
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{url}/health/ready"), 60, "the server answers")
    wait_until(lambda: len(children(process)) == WORKERS, 30, "all processes run")
    return process, url


def children(process: Process) -> list[psutil.Process]:
    return psutil.Process(process.pid).children()


def connected_to(url: str) -> set[int]:
    """The processes that hold an open connection of some new clients."""
    port = int(url.rpartition(":")[2])
    clients = [httpx2.Client(base_url=url) for _ in range(REQUESTS)]
    try:
        for client in clients:
            assert client.get("/health").status_code == 200
        return {
            each.pid
            for each in psutil.net_connections("tcp")
            if each.laddr and each.laddr.port == port and each.status == "ESTABLISHED" and each.pid
        }
    finally:
        for client in clients:
            client.close()


def test_processes_share_the_port_and_their_counts(processes: Processes) -> None:
    process, url = serve(processes)
    pids = {each.pid for each in children(process)}
    wait_until(lambda: connected_to(url) >= pids, 30, "each process gets connections")

    for _ in range(REQUESTS):
        # Each over a connection of its own, to any of the processes.
        with client_of(url) as client:
            assert client.get("/admin/pricing/syncs/active").status_code == 200
    with client_of(url) as client:
        scraped = client.get("/metrics").text
    counted = (
        f'http_requests_total{{route="/admin/pricing/syncs/active",status="200"}} {REQUESTS}.0'
    )
    assert counted in scraped.splitlines()

    assert process.stop(timeout=15) == 0
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_lost_process_is_started_again(processes: Processes) -> None:
    process, url = serve(processes)
    lost, other = children(process)
    lost.send_signal(signal.SIGKILL)
    lost.wait(10)

    wait_until(lambda: len(children(process)) == WORKERS, 30, "another process is started")
    assert other.pid in {each.pid for each in children(process)}
    assert answers(f"{url}/health/ready")
    process.send(signal.SIGINT)
    assert process.wait(15) == 0


def test_processes_end_with_the_one_that_started_them(processes: Processes) -> None:
    process, _ = serve(processes)
    running = children(process)
    os.kill(process.pid, signal.SIGKILL)

    gone, _ = psutil.wait_procs(running, timeout=20)
    assert len(gone) == WORKERS


def test_a_wrong_setting_ends_the_command(processes: Processes) -> None:
    process = processes.service(
        "serve", "--workers", str(WORKERS), PRICING_PORT=str(free_port()), PRICING_ADMIN_KEY=""
    )
    assert process.wait() == 2
    assert process.output.count("no admin key") == 1
