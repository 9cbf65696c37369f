"""The locks of running syncs, as a view."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from tests.db.pricing import Pricing, Row


def shown(pricing: Pricing) -> dict[str, Row]:
    with pricing.as_role("pricing_web"):
        rows = pricing.rows("select * from public.pricing_sync_lock")
    locks = {row["lock_key"]: row for row in rows}
    assert len(locks) == len(rows)
    return locks


def test_what_waits_has_no_lock(pricing: Pricing) -> None:
    pricing.trigger()
    pricing.other_task("doing", pricing.worker())
    assert shown(pricing) == {}


def test_each_running_sync_has_its_lock_and_one_stands_for_all(pricing: Pricing) -> None:
    worker_id = pricing.worker("7 seconds")
    first = pricing.start("openrouter", worker_id=worker_id)
    second = pricing.start("deepinfra")
    pricing.trigger("openrouter")
    locks = shown(pricing)

    assert set(locks) == {
        "pricing_sync:openrouter",
        "pricing_sync:deepinfra",
        "pricing_sync_global",
    }
    lock = locks["pricing_sync:openrouter"]
    assert lock["job_id"] == UUID(first.job_id)
    assert lock["locked_at"] == pricing.log(first.queue_job_id)["sync_started_at"]
    assert lock["locked_by"] == f"worker {worker_id}"
    heartbeat = pricing.value(
        "select last_heartbeat from procrastinate.procrastinate_workers where id = %s", worker_id
    )
    assert lock["expires_at"] == heartbeat + timedelta(seconds=20)

    total, other = locks["pricing_sync_global"], locks["pricing_sync:deepinfra"]
    assert total["locked_at"] == lock["locked_at"]
    assert total["expires_at"] == max(lock["expires_at"], other["expires_at"])
    assert (total["job_id"], total["locked_by"]) == (lock["job_id"], "2 running")

    pricing.succeed(first)
    pricing.end(second)
    assert shown(pricing) == {}


def test_a_lock_without_its_worker_has_expired(pricing: Pricing) -> None:
    pricing.start()
    pricing.do("delete from procrastinate.procrastinate_workers")
    lock = shown(pricing)["pricing_sync:openrouter"]
    assert lock["locked_by"] == "a lost worker"
    assert lock["expires_at"] <= pricing.value("select clock_timestamp()")
