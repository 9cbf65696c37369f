"""The response to an HTTP trigger when a provider is taken already."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
from psycopg.rows import DictRow

from service.web.database.web_database import COMMAND_SECONDS
from tests.service.web.queue import Queue
from tests.service.web.running import Web


def last_jobs_took(connection: psycopg.Connection[DictRow], *seconds: int) -> None:
    for each in seconds:
        connection.execute(
            "insert into public.pricing_sync_jobs"
            " (triggered_by, status, outcome, started_at, completed_at)"
            " values ('test', 'completed', 'success', now() - %s * interval '1 second', now())",
            [each],
        )


def start_set_back(
    connection: psycopg.Connection[DictRow], queue: Queue, job_id: str, seconds: float
) -> None:
    connection.execute(
        "update pricing_sync_log set sync_started_at = sync_started_at - %s * interval '1 second'"
        " where queue_job_id = %s",
        [seconds, queue.start(job_id, "openrouter")],
    )


def retry_after(web: Web) -> int:
    answer = web.trigger(providers=["openrouter"], on_conflict="reject")
    assert answer.status_code == 429, answer.text
    return int(answer.headers["retry-after"])


def test_reject_names_who_has_which_lock_since_when(web: Web, queue: Queue) -> None:
    job_id = web.triggered()
    queue.start(job_id, "openrouter")

    # A running sync comes before a waiting one.
    answer = web.trigger(on_conflict="reject")

    assert answer.status_code == 429
    error = answer.json()["error"]
    assert error["code"] == "rejected"
    assert error["hint"]
    started_at = web.sync(job_id).json()["started_at"]
    assert started_at.endswith("Z")
    assert error["lock"] == {
        "lock_key": "pricing_sync:openrouter",
        "locked_by_job": job_id,
        "locked_at": started_at,
    }


def test_a_waiting_sync_has_no_lock_yet(web: Web) -> None:
    job_id = web.triggered(providers=["openrouter"])

    error = web.trigger(providers=["openrouter"], on_conflict="reject").json()["error"]

    assert error["lock"] == {
        "lock_key": "pricing_sync:openrouter",
        "locked_by_job": job_id,
        "locked_at": None,
    }


def test_retry_after_is_what_the_holder_is_likely_to_need(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    last_jobs_took(connection, *[40] * 18, 90, 90)
    job_id = web.triggered(providers=["openrouter"])
    assert retry_after(web) == 40

    began = time.monotonic()
    start_set_back(connection, queue, job_id, 30)
    answer = retry_after(web)
    assert 10 - (time.monotonic() - began) <= answer <= 10

    # A sync that runs longer than most may take as long as the slow ones; after that its end is
    # unknown.
    began = time.monotonic()
    connection.execute("update pricing_sync_log set sync_started_at = now() - interval '60 s'")
    answer = retry_after(web)
    assert 30 - (time.monotonic() - began) <= answer <= 30
    connection.execute("update pricing_sync_log set sync_started_at = now() - interval '1 h'")
    assert retry_after(web) == 30


def test_one_of_many_is_accepted(web: Web, queue: Queue) -> None:
    with ThreadPoolExecutor(20) as threads:
        answers = list(
            threads.map(
                lambda _: web.trigger(on_conflict="reject").status_code,
                range(20),
            )
        )

    assert sorted(answers) == [202] + [429] * 19
    assert queue.row_counts()["public.pricing_sync_jobs"] == 1


def test_many_coalesce_into_one(web: Web, queue: Queue) -> None:
    with ThreadPoolExecutor(20) as threads:
        jobs = set(threads.map(lambda _: web.triggered(on_conflict="coalesce"), range(20)))

    assert len(jobs) == 1
    assert queue.row_counts()["public.pricing_sync_jobs"] == 1


def test_what_runs_is_not_joined(web: Web, queue: Queue) -> None:
    running = web.triggered(providers=["openrouter"])
    queue.start(running, "openrouter")

    assert web.triggered(providers=["openrouter"], on_conflict="coalesce") != running


def test_a_sync_in_an_open_transaction_is_answered_as_locked(web: Web, database: str) -> None:
    pool = web.app.state.web.database._pool
    with psycopg.connect(database) as person:
        person.execute("select trigger_pricing_sync('{openrouter}', on_conflict => 'coalesce')")
        answer = web.trigger(providers=["openrouter"], on_conflict="reject")
        others = web.trigger(providers=["deepinfra"], on_conflict="reject")
        person.rollback()

    assert answer.status_code == 503, answer.text
    assert answer.json()["error"]["code"] == "locked"
    assert "open transaction" in answer.json()["error"]["message"]
    assert int(answer.headers["retry-after"]) > 0
    assert answer.elapsed.total_seconds() < COMMAND_SECONDS
    assert others.status_code == 202
    # Postgres has answered, so the pool is kept.
    assert web.app.state.web.database._pool is pool
    assert web.trigger(providers=["openrouter"], on_conflict="reject").status_code == 202
