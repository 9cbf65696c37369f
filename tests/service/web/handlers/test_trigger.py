from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from service.web.database import known_estimate
from tests.service.web.queue import Queue
from tests.service.web.running import TRIGGER, Web, half_sent, running_web, settings_for
from tests.service.web.wire import CountingProxy

ENABLED = ["catalogue", "deepinfra", "openrouter"]


def assert_refused(answer: httpx2.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert "hint" in error
    assert answer.headers["content-type"] == "application/json"


def test_it_answers_with_the_job(web: Web, connection: psycopg.Connection[DictRow]) -> None:
    answer = web.client.post(TRIGGER)

    assert answer.status_code == 202
    body = answer.json()
    job = connection.execute("select * from public.pricing_sync_jobs").fetchone()
    assert job is not None
    assert job["providers"] == ENABLED
    assert body == {
        "success": True,
        "job_id": str(job["job_id"]),
        "sync_id": str(job["job_id"]),
        "status": "queued",
        "message": "Pricing sync queued for background execution",
        "triggered_by": "api:admin",
        "triggered_at": job["triggered_at"].isoformat().replace("+00:00", "Z"),
        "poll_url": f"/admin/pricing/sync/{job['job_id']}",
        "estimated_duration_seconds": "30-120",
    }
    assert answer.headers["location"] == body["poll_url"]


@pytest.mark.parametrize("content", [b"", b"  \n", b"{}", b'{"providers": null}'])
def test_no_body_means_all_providers(web: Web, queue: Queue, content: bytes) -> None:
    # The content type that curl -d sends.
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    assert web.client.post(TRIGGER, content=content, headers=form).status_code == 202
    assert queue.row_counts()["procrastinate.procrastinate_jobs"] == len(ENABLED)


def test_all_arguments_reach_the_job(web: Web, connection: psycopg.Connection[DictRow]) -> None:
    job_id = web.triggered(providers=["openrouter"], dry_run=True, on_conflict="queue")

    job = connection.execute(
        "select providers, dry_run from public.pricing_sync_jobs where job_id = %s", [job_id]
    ).fetchone()
    assert job == {"providers": ["openrouter"], "dry_run": True}


def test_a_dry_run_may_be_asked_for_in_the_query(web: Web, queue: Queue) -> None:
    for query in ("dry_run=true", "dry_run=false"):
        assert web.client.post(f"{TRIGGER}?{query}").status_code == 202
    assert web.client.post(f"{TRIGGER}?dry_run=1").status_code == 422
    jobs = queue.connection.execute("select dry_run from public.pricing_sync_jobs order by dry_run")
    assert [job["dry_run"] for job in jobs] == [False, True]


def test_what_has_no_dry_run_is_not_done_instead(web: Web, queue: Queue) -> None:
    job_id = web.triggered()
    path = f"/admin/pricing/sync/{job_id}/cancel"
    answer = web.client.post(f"{path}?dry_run=true")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_input")
    assert web.client.get(f"/admin/pricing/sync/{job_id}").json()["status"] == "queued"
    assert web.client.post(f"{path}?dry_run=false").json()["status"] == "cancelled"


def test_ten_triggers_are_ten_jobs(web: Web, queue: Queue) -> None:
    assert len({web.triggered() for _ in range(10)}) == 10
    assert queue.row_counts()["public.pricing_sync_jobs"] == 10


def test_an_idempotency_key_gives_the_same_job(web: Web, queue: Queue) -> None:
    headers = {"Idempotency-Key": "the-nightly-run"}
    first, second = (web.client.post(TRIGGER, headers=headers) for _ in range(2))

    assert first.json() == second.json()
    assert queue.row_counts()["public.pricing_sync_jobs"] == 1


def test_an_idempotency_key_with_another_body_is_a_conflict(web: Web, queue: Queue) -> None:
    headers = {"Idempotency-Key": "the-nightly-run"}
    web.client.post(TRIGGER, headers=headers)
    before = queue.row_counts()

    other = web.client.post(TRIGGER, headers=headers, json={"dry_run": True})

    assert_refused(other, 409, "conflict")
    assert queue.row_counts() == before


def test_coalesce_joins_the_job_that_waits(web: Web) -> None:
    waiting = web.triggered(providers=["openrouter"])

    assert web.triggered(providers=["openrouter"], on_conflict="coalesce") == waiting
    assert web.triggered(providers=["deepinfra"], on_conflict="coalesce") != waiting


def test_reject_names_the_sync_that_has_the_lock(web: Web, queue: Queue) -> None:
    job_id = web.triggered(providers=["openrouter"])
    before = queue.row_counts()

    answer = web.trigger(providers=["openrouter"], on_conflict="reject")

    assert_refused(answer, 429, "rejected")
    assert int(answer.headers["retry-after"]) > 0
    lock = answer.json()["error"]["lock"]
    assert lock["lock_key"] == "pricing_sync:openrouter"
    assert lock["locked_by_job"] == job_id
    assert queue.row_counts() == before


def test_the_estimate_comes_from_the_last_jobs(
    web: Web, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute(
        "insert into public.pricing_sync_jobs"
        " (triggered_by, status, outcome, started_at, completed_at)"
        " select 'test', 'completed', 'success', now() - n * interval '10 seconds', now()"
        " from generate_series(1, 20) as n"
    )

    assert web.trigger().json()["estimated_duration_seconds"] == "105-191"


def test_sync_requests_that_follow_closely_share_an_estimate(
    web: Web, connection: psycopg.Connection[DictRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To read it costs a fifth of a sync request."""

    def estimate() -> str:
        return str(web.trigger().json()["estimated_duration_seconds"])

    assert estimate() == "30-120"
    connection.execute(
        "insert into public.pricing_sync_jobs"
        " (triggered_by, status, outcome, started_at, completed_at)"
        " values ('test', 'completed', 'success', now() - interval '10 seconds', now())"
    )
    monkeypatch.setattr(known_estimate, "KEPT_SECONDS", 3600)
    assert estimate() == "30-120"
    monkeypatch.setattr(known_estimate, "KEPT_SECONDS", 0)
    assert estimate() == "10-10"


BAD_BODIES: dict[str, bytes] = {
    "malformed": b'{"providers": [',
    "not UTF-8": b'{"providers": ["\xff"]}',
    "half a surrogate": b'{"providers": ["\\ud800"]}',
    "a NUL character": b'{"providers": ["open\\u0000router"]}',
    "nested too deep": b'{"providers": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "null": b"null",
    "a list": b"[]",
    "a string": b'"openrouter"',
    "form fields": b"providers=openrouter",
    "providers: a string": b'{"providers": "openrouter"}',
    "providers: a number inside": b'{"providers": [1]}',
    "providers: null inside": b'{"providers": [null]}',
    "providers: too long": b'{"providers": ["' + b"x" * 201 + b'"]}',
    "providers: empty list": b'{"providers": []}',
    "providers: duplicate": b'{"providers": ["openrouter", "openrouter"]}',
    "providers: unknown": b'{"providers": ["nobody"]}',
    "dry_run: a string": b'{"dry_run": "true"}',
    "dry_run: a number": b'{"dry_run": 1}',
    "dry_run: null": b'{"dry_run": null}',
    "on_conflict: unknown word": b'{"on_conflict": "ignore"}',
    "on_conflict: a number": b'{"on_conflict": 1}',
    "on_conflict: null": b'{"on_conflict": null}',
    "unknown field": b'{"provider": "openrouter"}',
}


@pytest.mark.parametrize("content", BAD_BODIES.values(), ids=BAD_BODIES.keys())
@pytest.mark.usefixtures("nothing_written")
def test_a_bad_body_writes_nothing(untouched_web: Web, content: bytes) -> None:
    answer = untouched_web.client.post(TRIGGER, content=content)

    assert_refused(answer, 422, "bad_input")


def test_an_unknown_provider_is_answered_with_the_known_ones(untouched_web: Web) -> None:
    error = untouched_web.trigger(providers=["nobody"]).json()["error"]

    assert "nobody" in error["message"]
    for slug in ENABLED:
        assert slug in error["hint"]


def test_a_disabled_provider_is_refused(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute("update pricing_providers set enabled = false where slug = 'deepinfra'")
    before = queue.row_counts()

    assert_refused(web.trigger(providers=["deepinfra"]), 422, "bad_input")
    assert queue.row_counts() == before


def test_nothing_to_sync_is_refused(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute("update pricing_providers set enabled = false")
    before = queue.row_counts()

    assert_refused(web.trigger(), 422, "bad_input")
    assert queue.row_counts() == before


@pytest.mark.parametrize("key", ["", "two words", "x" * 201, "na\xefve", "tab\there"])
@pytest.mark.usefixtures("nothing_written")
def test_a_bad_idempotency_key_writes_nothing(untouched_web: Web, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode("latin-1")}

    answer = untouched_web.client.post(TRIGGER, headers=headers)

    assert_refused(answer, 422, "bad_input")


@pytest.mark.usefixtures("nothing_written")
def test_two_idempotency_keys_write_nothing(untouched_web: Web) -> None:
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]

    answer = untouched_web.client.post(TRIGGER, headers=headers)

    assert_refused(answer, 422, "bad_input")


def padded(size: int) -> bytes:
    """A valid body of this size."""
    return b"{}" + b" " * (size - 2)


def test_a_body_of_64_kb_is_taken(web: Web) -> None:
    assert web.client.post(TRIGGER, content=padded(64 * 1024)).status_code == 202


@pytest.mark.usefixtures("nothing_written")
def test_a_larger_body_writes_nothing(untouched_web: Web) -> None:
    answer = untouched_web.client.post(TRIGGER, content=padded(64 * 1024 + 1))

    assert_refused(answer, 413, "body_too_large")


@pytest.mark.usefixtures("nothing_written")
def test_a_body_without_a_length_is_counted_while_it_is_read(untouched_web: Web) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(65):
            yield b" " * 1024

    answer = untouched_web.client.post(TRIGGER, content=chunks())

    assert_refused(answer, 413, "body_too_large")


@pytest.mark.usefixtures("nothing_written")
def test_a_body_that_does_not_come_is_not_waited_for(
    untouched_web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.requests.body.READ_SECONDS", 0.2)
    with half_sent(untouched_web.url) as half, half.makefile("rb") as answer:
        # Read until the server closes the connection.
        head, _, body = answer.read().partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["error"]["code"] == "request_timeout"


@pytest.mark.usefixtures("nothing_written")
def test_half_a_body_writes_nothing(untouched_web: Web) -> None:
    with half_sent(untouched_web.url) as half:
        half.shutdown(socket.SHUT_WR)
        while half.recv(4096):
            pass


def test_a_trigger_is_one_round_trip(database: str) -> None:
    with CountingProxy(database) as proxy, running_web(settings_for(proxy.url)) as web:

        def round_trips() -> int:
            before = proxy.round_trips
            web.triggered(providers=["openrouter"])
            return proxy.round_trips - before

        # The first request on a connection also prepares the statement, and the clean-up at the
        # start may come in between.
        assert min(round_trips() for _ in range(5)) == 1


def test_the_web_role_is_all_it_needs(web: Web, connection: psycopg.Connection[DictRow]) -> None:
    """The pool takes the role pricing_web, which can select and execute but write no table."""
    web.triggered()
    connection.execute("revoke execute on all functions in schema public from pricing_web")

    assert_refused(web.trigger(), 503, "not_permitted")
