"""End to end: HTTP trigger, queue, worker, slow provider, polling, prices."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx2
import pytest

from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, Processes, answers
from tests.support.provider_server import Answer, ProviderServer
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
    with httpx2.Client(base_url=url, headers=headers, timeout=90) as client:
        yield client


def _trigger(client: httpx2.Client, *providers: str) -> str:
    answer = client.post("/admin/pricing/scheduler/trigger", json={"providers": list(providers)})
    assert answer.status_code == 202, answer.text
    poll_url: str = answer.json()["poll_url"]
    assert answer.headers["location"] == poll_url
    return poll_url


def test_a_trigger_answers_before_the_provider_does_and_polling_sees_each_step(
    client: httpx2.Client, queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 20)
    providers.answer("openrouter", Answer(held=True))
    poll_url = _trigger(client, "openrouter")
    first = client.get(poll_url).json()
    assert (first["status"], first["finished"], first["started_at"]) == ("queued", False, None)

    seen = [first["status"]]
    done = threading.Event()

    def poll() -> None:
        with httpx2.Client(base_url=client.base_url, headers=client.headers, timeout=30) as poller:
            while True:
                answer = poller.get(poll_url, timeout=60).json()
                if answer["status"] != seen[-1]:
                    seen.append(answer["status"])
                    providers.release()
                if answer["finished"]:
                    done.set()
                    return

    polling = threading.Thread(target=poll)
    polling.start()
    start_worker()
    assert done.wait(60)
    polling.join()

    assert seen == ["queued", "in_progress", "completed"]
    last = client.get(poll_url).json()
    assert (last["outcome"], last["progress_percent"]) == ("success", 100)
    assert last["results"]["openrouter"]["models_updated"] == 20
    assert queue.row("select count(*) as n from model_pricing")["n"] == 20


def test_ten_triggers_in_a_row_are_ten_jobs_that_all_complete(
    client: httpx2.Client, queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    for slug in ("openrouter", "deepinfra"):
        providers.fill(slug, 3)
        providers.answer(slug, Answer(delay=0.05))
    for _ in range(3):
        start_worker()
    polls = [_trigger(client, "openrouter", "deepinfra") for _ in range(10)]
    assert len(set(polls)) == 10
    for poll_url in polls:
        assert client.get(poll_url, params={"wait": 60}).json()["outcome"] == "success"
    assert providers.peak("openrouter") == providers.peak("deepinfra") == 1


def test_a_waiting_client_hears_the_end_at_once(
    client: httpx2.Client, queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 3)
    providers.answer("openrouter", Answer(delay=1))
    start_worker()
    poll_url = _trigger(client, "openrouter")
    answer = client.get(poll_url, params={"wait": 60}).json()
    assert (answer["status"], answer["finished"]) == ("completed", True)
