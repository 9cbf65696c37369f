"""What the doctor reads: counts and ages, in a read-only transaction."""

from __future__ import annotations

from typing import Any

import pytest

from tests.db.conftest import Another
from tests.db.price_decisions import held, prices, said
from tests.db.pricing import Pricing, price


def facts(pricing: Pricing) -> dict[str, Any]:
    with pricing.connection.transaction():
        pricing.do("set transaction read only")
        found: dict[str, Any] = pricing.value("select public.pricing_doctor()")
    return found


def about(seconds: float) -> object:
    """Up to half a minute more on a busy machine; the values under test are further apart."""
    return pytest.approx(seconds + 15, abs=16)


def test_an_idle_database(pricing: Pricing) -> None:
    pricing.do("update public.pricing_settings set scheduler_enabled = true")
    found = facts(pricing)
    assert [provider["slug"] for provider in found.pop("providers")] == [
        "catalogue",
        "deepinfra",
        "openrouter",
    ]
    assert found == {
        "lease_seconds": 20,
        "scheduler_enabled": True,
        "api_readers": [],
        "workers_alive": 0,
        "newest_heartbeat_seconds": None,
        "oldest_heartbeat_seconds": None,
        "workers_silent": 0,
        "silent_seconds": None,
        "ticks": {},
        "waiting": 0,
        "oldest_waiting": None,
        "oldest_free": None,
        "stuck": {},
        "open_transactions": [],
        "hidden_sessions": 0,
        "held": {"held": 0, "rejected": 0, "oldest_held_seconds": None, "standing_still": []},
        "stale": [],
        "incomplete": {},
        "cron_jobs": None,
    }


def test_what_waits_and_what_was_not_confirmed_in_time(pricing: Pricing) -> None:
    pricing.do("update public.pricing_settings set scheduler_enabled = true")
    said(pricing, {"a": prices(1), "b": prices(1)})
    since = pricing.value("select now() - interval '3 days'")
    held(pricing, "a", prices(300), first_seen_at=since)
    pricing.do(
        "update public.pricing_providers set last_success_at = now() - interval '2 days'"
        " where slug = 'openrouter'"
    )
    found = facts(pricing)
    assert found["held"] == {
        "held": 1,
        "rejected": 0,
        "oldest_held_seconds": about(3 * 86400),
        "standing_still": ["openrouter"],
    }
    assert found["stale"] == [
        {"provider": "openrouter", "why": "overdue", "models": 2, "seconds": about(2 * 86400)}
    ]


def test_models_with_prices_that_were_not_read(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("a", extra={"pricing.song": "0.08"}), price("b")])
    pricing.sync("deepinfra", [price(name, extra={"fees": 1}) for name in ("c", "d", "gone")])
    pricing.maintain("update public.model_pricing set is_active = false where model_id = 'gone'")
    assert facts(pricing)["incomplete"] == {"deepinfra": 2, "openrouter": 1}


def test_workers_and_their_heartbeats(pricing: Pricing) -> None:
    pricing.do("update public.pricing_settings set lease = '20 minutes'")
    for silent_for in ("1 minute", "15 minutes", "25 minutes", "1 day"):
        pricing.worker(silent_for)
    found = facts(pricing)
    assert (found["workers_alive"], found["workers_silent"]) == (2, 2)
    assert found["newest_heartbeat_seconds"] == about(60)
    assert found["oldest_heartbeat_seconds"] == about(15 * 60)
    assert found["silent_seconds"] == about(25 * 60)


def test_the_ticks(pricing: Pricing) -> None:
    pricing.do(
        "insert into public.pricing_scheduler_ticks (scheduler, last_tick_at, last_error)"
        " values ('pg_cron', clock_timestamp() - interval '5 minutes', 'why')"
    )
    ticks = facts(pricing)["ticks"]
    assert ticks == {"pg_cron": {"seconds": about(300), "last_error": "why"}}


def test_what_waits_behind_a_lock_and_what_does_not(pricing: Pricing) -> None:
    worker_id = pricing.worker()
    pricing.start("openrouter", worker_id=worker_id)
    pricing.trigger("openrouter")
    pricing.do("update public.pricing_sync_log set queued_at = queued_at - interval '1 hour'")
    found = facts(pricing)
    assert (found["waiting"], found["oldest_free"]) == (1, None)
    oldest = found["oldest_waiting"]
    assert (oldest["provider"], oldest["locked_by"]) == ("openrouter", f"worker {worker_id}")
    assert oldest["seconds"] == about(3600)
    assert oldest["locked_seconds"] == about(0)

    pricing.trigger("deepinfra")
    pricing.other_task()
    found = facts(pricing)
    assert found["waiting"] == 2
    assert found["oldest_waiting"]["provider"] == "openrouter"
    assert found["oldest_free"]["provider"] == "deepinfra"


def test_what_is_stuck_is_counted_by_reason(pricing: Pricing) -> None:
    pricing.start("openrouter", worker_id=pricing.worker("1 hour"))
    pricing.start("deepinfra", worker_id=pricing.worker("1 hour"))
    assert facts(pricing)["stuck"] == {"worker_lost": 2}


def test_the_enabled_providers(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set enabled = false where slug = 'catalogue'")
    pricing.sync("deepinfra", [price("m", source="api:deepinfra")])
    for _ in range(3):
        pricing.end(pricing.start("openrouter"), "failed", "http_status", "It answered 500.")
    deepinfra, openrouter = facts(pricing)["providers"]
    assert deepinfra.pop("success_seconds") == about(0)
    assert deepinfra == {
        "slug": "deepinfra",
        "state": "ok",
        "adapter": "deepinfra",
        "base_url": "https://api.deepinfra.com",
        "credential_variable": None,
        "consecutive_failures": 0,
        "error_kind": None,
        "error_message": None,
    }
    assert openrouter == {
        "slug": "openrouter",
        "state": "failing",
        "adapter": "openrouter",
        "base_url": "https://openrouter.ai",
        "credential_variable": None,
        "consecutive_failures": 3,
        "success_seconds": None,
        "error_kind": "http_status",
        "error_message": "It answered 500.",
    }


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("update public.pricing_providers set timeout = timeout", ["pricing_providers"]),
        (
            "select from public.pricing_sync_jobs, procrastinate.procrastinate_jobs for update",
            ["pricing_sync_jobs", "procrastinate_jobs"],
        ),
        ("lock table public.model_pricing in share mode", ["model_pricing"]),
        ("select from public.pricing_sync_jobs, public.model_pricing", None),
        ("create table public.of_somebody_else (id integer)", None),
    ],
)
def test_a_transaction_that_was_left_open(
    pricing: Pricing, another: Another, statement: str, tables: list[str] | None
) -> None:
    second = another()
    with second.connection.transaction(force_rollback=True):
        second.do(statement)
        expected = {
            "pid": second.connection.info.backend_pid,
            "username": "postgres",
            "application": "",
            "seconds": about(0),
            "tables": tables,
        }
        assert facts(pricing)["open_transactions"] == ([expected] if tables else [])
    assert facts(pricing)["open_transactions"] == []
