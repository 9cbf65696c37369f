"""Idempotency keys over real HTTP: repeated triggers with one key make one job."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from tests.service.web.queue import Queue
from tests.service.web.running import TRIGGER, Web
from tests.support.processes import ADMIN_KEY

KEY = "the-nightly-run"


def trigger(web: Web, **body: object) -> httpx2.Response:
    return web.client.post(TRIGGER, json=body, headers={"Idempotency-Key": KEY})


def jobs_of(*answers: httpx2.Response) -> list[str]:
    assert {answer.status_code for answer in answers} == {202}, [each.text for each in answers]
    return [answer.json()["job_id"] for answer in answers]


def set_back(connection: psycopg.Connection[DictRow], hours: float) -> None:
    connection.execute(
        "update pricing_idempotency_keys set used_at = used_at - %s * interval '1 hour'", [hours]
    )


def test_twenty_at_once_are_one_job(web: Web, queue: Queue) -> None:
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: trigger(web, providers=["openrouter"]), range(20)))

    assert len(set(jobs_of(*answers))) == 1
    assert queue.row_counts()["public.pricing_sync_jobs"] == 1
    assert queue.row_counts()["procrastinate.procrastinate_jobs"] == 1


def test_the_body_decides_and_not_its_spelling(web: Web) -> None:
    headers = {"Idempotency-Key": KEY}
    bodies = [b"", b"{}", b'{"providers": null, "dry_run": false, "on_conflict": "queue"}']

    answers = [web.client.post(TRIGGER, content=body, headers=headers) for body in bodies]

    assert len(set(jobs_of(*answers))) == 1


@pytest.mark.parametrize(
    "other",
    [{}, {"providers": ["deepinfra"]}, {"dry_run": True}, {"on_conflict": "reject"}],
    ids=["all", "another provider", "a dry run", "another on_conflict"],
)
def test_another_body_is_a_conflict(web: Web, queue: Queue, other: dict[str, object]) -> None:
    first = {"providers": ["openrouter"]}
    (job_id,) = jobs_of(trigger(web, **first))
    before = queue.row_counts()

    answer = trigger(web, **({**first, **other} if other else {}))

    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "conflict"
    assert job_id in error["message"]
    assert queue.row_counts() == before


def test_it_outlives_the_job(web: Web, queue: Queue) -> None:
    (job_id,) = jobs_of(trigger(web, providers=["deepinfra"]))
    queue.fail(job_id, "deepinfra")

    again = trigger(web, providers=["deepinfra"])

    assert jobs_of(again) == [job_id]
    assert again.json()["status"] == "failed"


def test_after_24_hours_it_is_a_new_one(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    (job_id,) = jobs_of(trigger(web, providers=["deepinfra"]))
    set_back(connection, 23.9)
    assert jobs_of(trigger(web, providers=["deepinfra"])) == [job_id]

    set_back(connection, 0.1)
    later = jobs_of(trigger(web, providers=["deepinfra"], dry_run=True))

    assert later != [job_id]
    # The new job has 24 hours of its own.
    assert jobs_of(trigger(web, providers=["deepinfra"], dry_run=True)) == later


def test_it_keeps_to_the_job_that_coalesce_joined(web: Web, queue: Queue) -> None:
    waiting = web.triggered(providers=["openrouter"])
    arguments = {"providers": ["openrouter"], "on_conflict": "coalesce"}
    assert jobs_of(trigger(web, **arguments)) == [waiting]

    # Without the key, a sync request cannot join this job any more.
    queue.start(waiting, "openrouter")
    assert web.triggered(**arguments) != waiting

    assert jobs_of(trigger(web, **arguments)) == [waiting]


def test_a_rejected_trigger_leaves_its_key_unused(web: Web, queue: Queue) -> None:
    waiting = web.triggered(providers=["deepinfra"])
    arguments = {"providers": ["deepinfra"], "on_conflict": "reject"}
    assert trigger(web, **arguments).status_code == 429

    queue.fail(waiting, "deepinfra")

    assert jobs_of(trigger(web, **arguments)) != [waiting]


def test_blanks_around_a_header_are_no_part_of_it(web: Web) -> None:
    """RFC 9110, 5.5: this client sends the blanks, the server drops them."""
    job_id = web.client.post(TRIGGER, headers={"Idempotency-Key": KEY}).json()["job_id"]
    connection = HTTPConnection(urlsplit(web.url).netloc, timeout=20)
    with closing(connection):
        connection.request(
            "POST",
            TRIGGER,
            headers={"Authorization": f"Bearer {ADMIN_KEY}", "Idempotency-Key": f"  {KEY}\t "},
        )
        again = json.load(connection.getresponse())

    assert again["job_id"] == job_id


def test_a_new_key_of_a_revoked_name_is_another_caller(
    web: Web, connection: psycopg.Connection[DictRow]
) -> None:
    def key(call: str) -> str:
        row = connection.execute(f"select public.{call} as key".encode()).fetchone()
        assert row is not None
        made: str = row["key"]
        return made

    def trigger_as(bearer: str) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": KEY}
        return web.client.post(TRIGGER, json={"providers": ["openrouter"]}, headers=headers)

    first = key("create_pricing_api_key('person')")
    rotated = key("rotate_pricing_api_key('person', grace => '1 hour')")
    (job_id, again) = jobs_of(trigger_as(first), trigger_as(rotated))
    assert job_id == again
    connection.execute("select public.revoke_pricing_api_key('person')")
    assert jobs_of(trigger_as(key("create_pricing_api_key('person')"))) != [job_id]
