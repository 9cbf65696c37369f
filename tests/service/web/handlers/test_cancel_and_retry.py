"""Jobs cancelled and retried over HTTP, and by SQL while a client waits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from service.web.handlers import syncs
from tests.service.web.queue import Queue
from tests.service.web.running import Web
from tests.support.waiting import wait_until

UNKNOWN = "00000000-0000-4000-8000-000000000000"
LONG_SECONDS = 50


def cancel(web: Web, job_id: str) -> httpx2.Response:
    return web.client.post(f"/admin/pricing/sync/{job_id}/cancel")


def retry(web: Web, job_id: str) -> httpx2.Response:
    return web.client.post(f"/admin/pricing/sync/{job_id}/retry")


def refused(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["hint"]
    return error


def queue_statuses(connection: psycopg.Connection[DictRow], job_id: str) -> dict[str, str]:
    """The newest queue row of each provider."""
    rows = connection.execute(
        "select args ->> 'provider' as provider, status::text as status"
        " from procrastinate.procrastinate_jobs where args ->> 'job_id' = %s order by id",
        [job_id],
    ).fetchall()
    return {row["provider"]: row["status"] for row in rows}


def audited(connection: psycopg.Connection[DictRow]) -> list[tuple[str, str, str]]:
    rows = connection.execute(
        "select who, action, subject from public.pricing_audit_log"
        " where action !~ '_(provider|settings)$' order by id"
    ).fetchall()
    return [(row["who"], row["action"], row["subject"]) for row in rows]


def test_cancel_ends_what_waits_and_what_runs(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    job_id = web.triggered(providers=["openrouter", "deepinfra", "catalogue"])
    queue.succeed(job_id, "openrouter", "some/model")
    queue.start(job_id, "deepinfra")

    answer = cancel(web, job_id)

    assert answer.status_code == 200, answer.text
    job = answer.json()
    assert job == web.sync(job_id).json()
    assert (job["status"], job["outcome"], job["finished"]) == ("cancelled", "cancelled", True)
    assert job["completed_at"] is not None
    assert job["error_message"] == "Cancelled by api:admin"
    assert job["providers_synced"] == ["openrouter"]
    assert sorted(job["providers_failed"]) == ["catalogue", "deepinfra"]
    assert {slug: each["status"] for slug, each in job["results"].items()} == {
        "openrouter": "success",
        "deepinfra": "cancelled",
        "catalogue": "cancelled",
    }
    assert queue_statuses(connection, job_id) == {
        "openrouter": "succeeded",
        "deepinfra": "aborted",
        "catalogue": "cancelled",
    }
    assert audited(connection) == [("api:admin", "cancel_pricing_sync", job_id)]


def test_what_has_ended_cannot_be_cancelled(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    job_id = web.triggered(providers=["deepinfra"])
    queue.fail(job_id, "deepinfra")
    before = web.sync(job_id).json()

    error = refused(cancel(web, job_id), 409, "conflict")

    assert "failed" in error["message"]
    assert web.sync(job_id).json() == before
    assert audited(connection) == []


def test_retry_queues_what_failed_under_the_same_job(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    job_id = web.triggered(providers=["openrouter", "deepinfra"])
    queue.succeed(job_id, "openrouter", "some/model")
    queue.fail(job_id, "deepinfra")

    answer = retry(web, job_id)

    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/admin/pricing/sync/{job_id}"
    job = answer.json()
    assert job["job_id"] == job["sync_id"] == job_id
    assert (job["outcome"], job["finished"], job["completed_at"]) == (None, False, None)
    assert job["results"]["openrouter"]["status"] == "success"
    assert job["results"]["deepinfra"]["status"] == "queued"
    assert queue_statuses(connection, job_id) == {"openrouter": "succeeded", "deepinfra": "todo"}
    assert audited(connection) == [("api:admin", "retry_pricing_sync", job_id)]

    queue.succeed(job_id, "deepinfra", "another/model")
    ended = web.client.get(answer.headers["location"]).json()
    assert (ended["status"], ended["outcome"]) == ("completed", "success")


def test_what_was_cancelled_can_be_retried(web: Web, queue: Queue) -> None:
    job_id = web.triggered(providers=["openrouter", "deepinfra"])
    cancel(web, job_id)

    job = retry(web, job_id).json()

    assert (job["status"], job["finished"]) == ("queued", False)
    assert {each["status"] for each in job["results"].values()} == {"queued"}


def test_nothing_to_retry(web: Web, queue: Queue, connection: psycopg.Connection[DictRow]) -> None:
    waiting = web.triggered(providers=["deepinfra"])
    done = web.triggered(providers=["openrouter"])
    queue.succeed(done, "openrouter", "some/model")
    before = queue.row_counts()

    for job_id in (waiting, done):
        refused(retry(web, job_id), 409, "conflict")

    assert queue.row_counts() == before
    assert audited(connection) == []


def test_a_disabled_provider_is_not_retried(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    job_id = web.triggered(providers=["openrouter", "deepinfra"])
    cancel(web, job_id)
    connection.execute("update pricing_providers set enabled = false where slug = 'deepinfra'")
    before = queue.row_counts()

    error = refused(retry(web, job_id), 422, "bad_input")

    assert "deepinfra" in error["message"]
    assert queue.row_counts() == before
    assert web.sync(job_id).json()["status"] == "cancelled"


@pytest.mark.parametrize("job_id", [UNKNOWN, "nonsense", "1", "x" * 500, "%00", "active"])
@pytest.mark.parametrize("act", [cancel, retry])
@pytest.mark.usefixtures("nothing_written")
def test_an_unknown_or_malformed_id_is_not_found(untouched_web: Web, act: Any, job_id: str) -> None:
    refused(act(untouched_web, job_id), 404, "not_found")


@pytest.mark.parametrize("act", ["cancel", "retry"])
def test_a_key_with_the_role_read_may_do_neither(
    web: Web, connection: psycopg.Connection[DictRow], act: str
) -> None:
    job_id = web.triggered(providers=["deepinfra"])
    row = connection.execute("select create_pricing_api_key('dashboard', 'read') as key").fetchone()
    assert row is not None
    url = f"{web.url}/admin/pricing/sync/{job_id}/{act}"

    reader = httpx2.post(url, headers={"Authorization": f"Bearer {row['key']}"}, timeout=30)

    refused(reader, 403, "forbidden")
    refused(httpx2.post(url, timeout=30), 401, "unauthorized")
    assert web.sync(job_id).json()["status"] == "queued"


def test_the_key_s_name_is_who_did_it(web: Web, connection: psycopg.Connection[DictRow]) -> None:
    job_id = web.triggered(providers=["deepinfra"])
    row = connection.execute("select create_pricing_api_key('night shift') as key").fetchone()
    assert row is not None
    headers = {"Authorization": f"Bearer {row['key']}"}
    for act in ("cancel", "retry"):
        url = f"{web.url}/admin/pricing/sync/{job_id}/{act}"
        assert httpx2.post(url, headers=headers, timeout=30).is_success

    who = [who for who, action, _ in audited(connection) if action != "create_api_key"]
    assert who == ["api:night shift", "api:night shift"]


def test_one_of_many_cancels_at_once(web: Web, connection: psycopg.Connection[DictRow]) -> None:
    job_id = web.triggered()
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: cancel(web, job_id).status_code, range(10)))

    assert sorted(answers) == [200] + [409] * 9
    assert audited(connection) == [("api:admin", "cancel_pricing_sync", job_id)]


def test_one_of_many_retries_at_once(web: Web, queue: Queue) -> None:
    job_id = web.triggered(providers=["deepinfra"])
    cancel(web, job_id)
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: retry(web, job_id).status_code, range(10)))

    assert sorted(answers) == [202] + [409] * 9
    assert queue.row_counts()["procrastinate.procrastinate_jobs"] == 2


BY_HAND = {
    "update": "update pricing_sync_jobs set status = 'cancelled' where job_id = %s",
    "function": "select cancel_pricing_sync(%s)",
}


@pytest.mark.parametrize("statement", BY_HAND.values(), ids=BY_HAND.keys())
def test_a_waiting_client_is_told_of_a_cancel_in_sql(
    web: Web,
    connection: psycopg.Connection[DictRow],
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
) -> None:
    # Only a notification wakes the waiting client.
    monkeypatch.setattr(syncs, "READ_AGAIN_SECONDS", 1000.0)
    job_id = web.triggered(providers=["deepinfra"])
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(web.sync, job_id, wait=LONG_SECONDS)
        wait_until(lambda: bool(web.app.state.web.changes._waiting))
        connection.execute(statement.encode(), [job_id])
        job = answer.result(LONG_SECONDS / 2).json()

    assert (job["status"], job["finished"]) == ("cancelled", True)
