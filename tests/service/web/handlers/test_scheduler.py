from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.db.price_decisions import held, prices, said
from tests.db.pricing import Pricing
from tests.service.web.queue import Queue
from tests.service.web.running import SCHEDULER, Web


@pytest.fixture(autouse=True)
def _switched_on(connection: psycopg.Connection[DictRow]) -> None:
    """Switch the scheduler on, which is off in the template database."""
    connection.execute("update pricing_settings set scheduler_enabled = true")


def test_the_schedule_without_a_worker(web: Web) -> None:
    answer = web.client.get(SCHEDULER).json()

    assert answer.keys() == {"success", "scheduler", "timestamp"}
    assert answer["success"] is True
    assert answer["timestamp"].endswith("Z")
    never = {"timestamp": None, "seconds_ago": None}
    assert answer["scheduler"] == {
        "enabled": True,
        "interval_hours": 6,
        "running": False,
        "workers": 0,
        "cron": "worker",
        "providers": ["catalogue", "deepinfra", "openrouter"],
        "next_runs": {"catalogue": None, "deepinfra": None, "openrouter": None},
        "last_syncs": {"catalogue": never, "deepinfra": never, "openrouter": never},
        "held": {
            "changes": 0,
            "rejected": 0,
            "oldest_seconds": None,
            "standing_still": [],
            "providers": {},
        },
    }


def test_what_waits(web: Web, connection: psycopg.Connection[DictRow]) -> None:
    people = Pricing(connection)
    said(people, {"m": prices(1, 2)})
    held(people, "m", prices(300, 2), first_seen_at="2026-01-02T00:00:00Z")

    waits = web.client.get(SCHEDULER).json()["scheduler"]["held"]

    assert waits.pop("oldest_seconds") > 0
    assert waits == {
        "changes": 1,
        "rejected": 0,
        "standing_still": ["openrouter"],
        "providers": {
            "openrouter": {
                "changes": 1,
                "rejected": 0,
                "oldest_held_at": "2026-01-02T00:00:00Z",
                "stands_still": True,
            }
        },
    }


def test_the_schedule_with_times(
    web: Web, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    queue.register_worker()
    connection.execute("select tick_pricing_schedule('pg_cron')")
    connection.execute(
        "update pricing_providers set sync_interval = '90 minutes',"
        " next_sync_at = '2030-01-02 03:04:05+02', last_success_at = now() - interval '1 hour'"
        " where slug = 'openrouter'"
    )
    connection.execute("update pricing_providers set enabled = false where slug <> 'openrouter'")

    scheduler = web.client.get(SCHEDULER).json()["scheduler"]

    assert scheduler["running"] is True
    assert scheduler["cron"] == "pg_cron"
    assert scheduler["workers"] == 1
    assert scheduler["interval_hours"] == 1.5
    assert scheduler["providers"] == ["openrouter"]
    assert scheduler["next_runs"] == {"openrouter": "2030-01-02T01:04:05Z"}
    last = scheduler["last_syncs"]["openrouter"]
    assert 3600 <= last["seconds_ago"] < 3700
    ago = datetime.now(UTC) - datetime.fromisoformat(last["timestamp"])
    assert 3600 <= ago.total_seconds() < 3700


def test_it_is_switched_off(web: Web, connection: psycopg.Connection[DictRow]) -> None:
    connection.execute("select tick_pricing_schedule('worker')")
    assert web.client.get(SCHEDULER).json()["scheduler"]["running"] is True
    connection.execute("update pricing_settings set scheduler_enabled = false")

    scheduler = web.client.get(SCHEDULER).json()["scheduler"]

    assert (scheduler["enabled"], scheduler["running"]) == (False, False)
    assert scheduler["next_runs"] == {}


def test_nothing_is_scheduled(web: Web, connection: psycopg.Connection[DictRow]) -> None:
    connection.execute("update pricing_providers set enabled = false")

    scheduler = web.client.get(SCHEDULER).json()["scheduler"]

    assert scheduler["enabled"] is False
    assert scheduler["running"] is False
    assert scheduler["interval_hours"] is None
    assert scheduler["providers"] == []
    assert scheduler["next_runs"] == scheduler["last_syncs"] == {}
