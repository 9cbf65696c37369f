"""Fixtures for a course of OpenRouter's lists: real processes, and a server as the provider."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.replay.course import Course
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, Processes, answers
from tests.support.provider_server import ProviderServer
from tests.support.syncing import Queue, StartWorker
from tests.support.waiting import wait_until


@pytest.fixture
def client(processes: Processes) -> Iterator[httpx2.Client]:
    """A client with the admin key, of a real web process."""
    port = free_port()
    processes.service("serve", "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{url}/health"), 60, "the web process answers")
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def course(
    client: httpx2.Client, queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> Course:
    """A course of OpenRouter's lists, with nothing synced yet."""
    start_worker()
    return Course("openrouter", client, providers, queue)
