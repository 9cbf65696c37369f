from __future__ import annotations

import httpx2
import psycopg
from psycopg.rows import DictRow

from service.migrations.migrate import migrate
from tests.db.price_decisions import held, prices, said
from tests.db.pricing import Pricing
from tests.service.web.queue import Queue
from tests.service.web.running import TRIGGER, Web, running_web, settings_for


def ready(web: Web) -> httpx2.Response:
    return httpx2.get(f"{web.url}/health/ready", timeout=30)


def test_alive(web: Web) -> None:
    answer = httpx2.get(f"{web.url}/health", timeout=30)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_with_a_worker(web: Web, queue: Queue) -> None:
    queue.register_worker()

    answer = ready(web)

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "database": "ok",
        "migrations": "ok",
        "workers": 1,
        "held": {"changes": 0, "rejected": 0, "oldest_seconds": None, "standing_still": []},
        "warnings": [],
    }


def test_held_changes_are_shown_and_change_nothing(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    queue.register_worker()
    people = Pricing(connection)
    said(people, {"m": prices(1, 2)})
    since = people.value("select now() - interval '1 hour'")
    held(people, "m", prices(300, 2), first_seen_at=since)

    answer = ready(web)

    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    waits = answer.json()["held"]
    assert 3600 <= waits.pop("oldest_seconds") < 3700
    assert waits == {"changes": 1, "rejected": 0, "standing_still": ["openrouter"]}

    connection.execute("revoke execute on function pricing_waiting_summary() from pricing_web")
    answer = ready(web)
    assert (answer.status_code, answer.json()["status"], answer.json()["held"]) == (200, "ok", None)


def test_ready_without_a_worker_is_a_warning(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    queue.register_worker()
    connection.execute(
        "update procrastinate.procrastinate_workers set last_heartbeat = now() - interval '1 hour'"
    )

    answer = ready(web)

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["workers"] == 0
    assert len(answer.json()["warnings"]) == 1


def test_a_missing_migration_is_not_ready(
    web: Web, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute("delete from pricing_schema_ledger where name = 'db'")

    answer = ready(web)

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["database"] == "ok"
    assert answer.json()["migrations"] == "pending"


def test_functions_of_another_version_are_a_warning(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    queue.register_worker()
    connection.execute("update pricing_schema_ledger set digest = 'newer' where name = 'db'")

    answer = ready(web)

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["warnings"]


def test_an_empty_database_says_that_it_is_not_migrated(empty_database: str) -> None:
    with running_web(settings_for(empty_database)) as web:
        answer = ready(web)
        assert answer.status_code == 503
        assert answer.json()["migrations"] == "pending"

        trigger = web.client.post(TRIGGER)
        assert trigger.status_code == 503
        assert trigger.json()["error"]["code"] == "not_migrated"
        assert "migrate" in trigger.json()["error"]["hint"]


def test_a_right_that_is_missing_is_named_as_such(
    web: Web, connection: psycopg.Connection[DictRow], database: str
) -> None:
    connection.execute("revoke execute on all functions in schema public from pricing_web")
    refused = web.client.post(TRIGGER)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "not_permitted")
    migrate(database)
    assert web.client.post(TRIGGER).status_code == 202
