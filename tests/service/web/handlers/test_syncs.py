from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from service.web.database import job_changes
from service.web.database import web_database as web_database
from service.web.handlers import syncs
from tests.service.web.queue import Queue
from tests.service.web.running import (
    ACTIVE,
    Web,
    listening_again,
    running_web,
    settings_for,
)
from tests.support.waiting import wait_until

UNKNOWN = "00000000-0000-4000-8000-000000000000"
LONG_SECONDS = 50
SOON_SECONDS = 20


@pytest.fixture
def only_notifications(monkeypatch: pytest.MonkeyPatch) -> None:
    """A waiting request reads again only when notified."""
    monkeypatch.setattr(syncs, "READ_AGAIN_SECONDS", 1000.0)


def waiting(web: Web) -> bool:
    return bool(web.app.state.web.changes._waiting)


def test_a_queued_job(web: Web) -> None:
    triggered = web.trigger(providers=["openrouter"]).json()

    answer = web.sync(triggered["job_id"])

    assert answer.status_code == 200
    assert answer.json() == {
        "sync_id": triggered["job_id"],
        "job_id": triggered["job_id"],
        "status": "queued",
        "outcome": None,
        "finished": False,
        "provider_slug": "openrouter",
        "triggered_at": triggered["triggered_at"],
        "started_at": None,
        "completed_at": None,
        "duration_seconds": None,
        "duration_ms": None,
        "triggered_by": "api:admin",
        "dry_run": False,
        "providers_total": 1,
        "providers_synced": [],
        "providers_failed": [],
        "models_fetched": 0,
        "models_updated": 0,
        "models_skipped": 0,
        "total_models_updated": 0,
        "total_models_skipped": 0,
        "total_errors": 0,
        "errors": 0,
        "error_message": None,
        "progress_percent": 0,
        "results": {
            "openrouter": {
                "status": "queued",
                "attempt": 1,
                "models_fetched": 0,
                "models_updated": 0,
                "models_unchanged": 0,
                "models_skipped": 0,
                "models_held": 0,
                "models_rejected": 0,
                "error_kind": None,
                "error_message": None,
                "duration_ms": None,
            }
        },
    }


def test_a_running_job_counts_its_progress(web: Web, queue: Queue) -> None:
    job_id = web.triggered()
    queue.start(job_id, "openrouter")
    started = web.sync(job_id).json()
    queue.fail(job_id, "deepinfra")
    further = web.sync(job_id).json()

    assert (started["status"], started["progress_percent"]) == ("in_progress", 0)
    assert started["provider_slug"] == "all"
    assert started["started_at"] is not None
    assert started["results"]["openrouter"]["status"] == "in_progress"
    assert further["progress_percent"] == 33
    assert further["providers_failed"] == ["deepinfra"]
    assert not further["finished"]


def test_a_partial_job(web: Web, queue: Queue) -> None:
    job_id = web.triggered(providers=["openrouter", "deepinfra"])
    queue.succeed(job_id, "openrouter", "some/model", "another/model")
    queue.fail(job_id, "deepinfra", "no answer within 3 s")

    job = web.sync(job_id).json()

    assert (job["status"], job["outcome"], job["finished"]) == ("completed", "partial", True)
    assert job["progress_percent"] == 100
    assert job["providers_total"] == 2
    assert job["providers_synced"] == ["openrouter"]
    assert job["providers_failed"] == ["deepinfra"]
    assert job["models_fetched"] == job["models_updated"] == job["total_models_updated"] == 2
    assert job["errors"] == job["total_errors"] == 1
    assert "no answer within 3 s" in job["error_message"]
    assert job["results"]["openrouter"]["status"] == "success"
    failed = job["results"]["deepinfra"]
    assert (failed["status"], failed["error_kind"]) == ("failed", "timeout")
    assert failed["error_message"] == "no answer within 3 s"
    assert job["duration_ms"] == pytest.approx(1000 * job["duration_seconds"])


def test_a_failed_job(web: Web, queue: Queue) -> None:
    job_id = web.triggered(providers=["deepinfra"])
    queue.fail(job_id, "deepinfra")

    job = web.sync(job_id).json()

    assert (job["status"], job["outcome"]) == ("failed", "failed")


def test_a_dry_run_has_its_differences(web: Web, queue: Queue) -> None:
    job_id = web.triggered(providers=["openrouter"], dry_run=True)
    queue.succeed(job_id, "openrouter", "some/model")

    job = web.sync(job_id).json()

    assert job["dry_run"]
    assert job["results"]["openrouter"]["differences_total"] == 1
    assert job["results"]["openrouter"]["differences"]


def test_times_are_utc_with_z(web: Web, queue: Queue) -> None:
    job_id = web.triggered(providers=["openrouter"])
    queue.succeed(job_id, "openrouter", "some/model")

    job = web.sync(job_id).json()

    for name in ("triggered_at", "started_at", "completed_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", job[name])
        assert datetime.fromisoformat(job[name]).utcoffset() is not None


def test_the_success_word_of_older_scripts(database: str, queue: Queue) -> None:
    settings = settings_for(database, PRICING_HTTP_SUCCESS_WORD="success")
    with running_web(settings) as web:
        job_id = web.triggered(providers=["openrouter"])
        queue.succeed(job_id, "openrouter", "some/model")

        assert web.sync(job_id).json()["status"] == "success"


@pytest.mark.parametrize(
    "job_id",
    [
        UNKNOWN,
        "nonsense",
        "1",
        "{00000000-0000-4000-8000-000000000000}",
        "x" * 500,
        "%00",
        "active",
    ],
)
def test_an_unknown_or_malformed_id_is_not_found(untouched_web: Web, job_id: str) -> None:
    answer = untouched_web.client.get(f"/admin/pricing/sync/{job_id}?wait=30")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    "query", ["wait=", "wait=-1", "wait=61", "wait=60.5", "wait=nan", "wait=1e1", "wait=5&wait=6"]
)
def test_a_bad_wait_is_refused(untouched_web: Web, query: str) -> None:
    answer = untouched_web.client.get(f"/admin/pricing/sync/{UNKNOWN}?{query}")

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "bad_input"


def test_wait_is_over_after_its_seconds(web: Web) -> None:
    job_id = web.triggered()

    begin = time.monotonic()
    job = web.sync(job_id, wait=0.3).json()

    assert not job["finished"]
    assert time.monotonic() - begin >= 0.3


def test_wait_for_a_finished_job_answers_at_once(web: Web, queue: Queue) -> None:
    job_id = web.triggered(providers=["deepinfra"])
    queue.fail(job_id, "deepinfra")

    begin = time.monotonic()
    assert web.sync(job_id, wait=LONG_SECONDS).json()["finished"]
    assert time.monotonic() - begin < SOON_SECONDS


@pytest.mark.usefixtures("only_notifications")
def test_wait_answers_when_the_job_ends(web: Web, queue: Queue) -> None:
    job_id = web.triggered(providers=["deepinfra"])
    with ThreadPoolExecutor(1) as threads:
        begin = time.monotonic()
        answer = threads.submit(web.sync, job_id, wait=LONG_SECONDS)
        wait_until(lambda: waiting(web))
        # The start is a change too, but not the end.
        queue.fail(job_id, "deepinfra")
        job = answer.result().json()

    assert (job["status"], job["finished"]) == ("failed", True)
    assert time.monotonic() - begin < SOON_SECONDS


@pytest.mark.usefixtures("only_notifications")
def test_listening_is_set_up_again_after_the_connection_died(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    with listening_again(web):
        killed = connection.execute(
            "select pg_terminate_backend(pid) as done from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
            " and application_name = 'pricing-sync web'"
        ).fetchall()
        assert killed

    job_id = web.triggered(providers=["deepinfra"])
    with ThreadPoolExecutor(1) as threads:
        begin = time.monotonic()
        answer = threads.submit(web.sync, job_id, wait=LONG_SECONDS)
        wait_until(lambda: waiting(web))
        queue.fail(job_id, "deepinfra")

        assert answer.result().json()["finished"]
    assert time.monotonic() - begin < SOON_SECONDS


def test_wait_answers_without_any_notification(
    database: str, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_changes, "CHANNEL", "pricing_nobody_speaks_here")
    with running_web(settings_for(database)) as web, ThreadPoolExecutor(1) as threads:
        job_id = web.triggered(providers=["deepinfra"])
        begin = time.monotonic()
        answer = threads.submit(web.sync, job_id, wait=LONG_SECONDS)
        wait_until(lambda: waiting(web))
        queue.fail(job_id, "deepinfra")

        assert answer.result().json()["finished"]
        assert time.monotonic() - begin < SOON_SECONDS


def test_waiting_holds_no_connection_of_the_pool(web: Web, queue: Queue) -> None:
    many = 2 * web_database.POOL_SIZE
    job_id = web.triggered(providers=["deepinfra"])
    with ThreadPoolExecutor(many) as threads:
        answers = [threads.submit(web.sync, job_id, wait=LONG_SECONDS) for _ in range(many)]
        changes = web.app.state.web.changes
        wait_until(lambda: sum(map(len, changes._waiting.values())) == many)

        assert web.client.get(ACTIVE).json()["count"] == 1
        queue.fail(job_id, "deepinfra")

        assert all(answer.result().json()["finished"] for answer in answers)
    assert threading.active_count() < many


@pytest.mark.usefixtures("only_notifications")
def test_a_flood_about_the_very_job_is_read_ten_times_a_second(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = web.app.state.web.database
    job_id = web.triggered(providers=["deepinfra"])
    reads = []
    read = database.row

    async def counted(*arguments: Any) -> Any:
        reads.append(arguments)
        return await read(*arguments)

    def flood() -> None:
        connection.execute(
            "select pg_notify(%s, %s)", [job_changes.CHANNEL, f'{{"job_id": "{job_id}"}}']
        )

    monkeypatch.setattr(database, "row", counted)
    with ThreadPoolExecutor(1) as threads:
        begin = time.monotonic()
        answer = threads.submit(web.sync, job_id, wait=LONG_SECONDS)
        while len(reads) < 12:
            assert not answer.done()
            flood()
        # The first read, one at once, and ten in each second.
        assert len(reads) <= 2 + 10 * (time.monotonic() - begin)

        begin = time.monotonic()
        flood()
        queue.fail(job_id, "deepinfra")
        assert answer.result().json()["finished"]
        assert time.monotonic() - begin < SOON_SECONDS


def test_the_wait_ends_when_its_client_is_gone(web: Web) -> None:
    job_id = web.triggered()
    with pytest.raises(httpx2.ReadTimeout):
        web.client.get(f"/admin/pricing/sync/{job_id}?wait=60", timeout=0.3)

    wait_until(lambda: not waiting(web))


def test_nothing_is_active(web: Web, queue: Queue) -> None:
    queue.fail(web.triggered(providers=["deepinfra"]), "deepinfra")

    assert web.client.get(ACTIVE).json() == {
        "active_syncs": [],
        "count": 0,
        "next_cursor": None,
    }


def test_active_syncs_newest_first(web: Web, queue: Queue) -> None:
    older = web.triggered(providers=["openrouter"])
    queue.start(older, "openrouter")
    newer = web.trigger().json()

    answer = web.client.get(ACTIVE).json()

    assert answer["count"] == 2
    assert answer["active_syncs"][0] == {
        "sync_id": newer["job_id"],
        "job_id": newer["job_id"],
        "status": "queued",
        "provider_slug": "all",
        "started_at": None,
        "triggered_at": newer["triggered_at"],
        "triggered_by": "api:admin",
        "progress_percent": 0,
    }
    assert answer["active_syncs"][1]["job_id"] == older
    assert answer["active_syncs"][1]["status"] == "in_progress"
    assert answer["active_syncs"][1]["provider_slug"] == "openrouter"
    assert answer["active_syncs"][1]["started_at"] is not None
