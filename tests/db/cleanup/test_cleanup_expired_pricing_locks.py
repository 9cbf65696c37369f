"""Locks of workers without a heartbeat are released and counted."""

from __future__ import annotations

from tests.db.pricing import Pricing


def test_expired_locks_are_released(pricing: Pricing) -> None:
    lost = [
        pricing.start(p, worker_id=pricing.worker("1 hour")) for p in ("openrouter", "deepinfra")
    ]
    kept = pricing.start("catalogue")
    with pricing.as_role("pricing_web"):
        assert pricing.value("select public.cleanup_expired_pricing_locks()") == 2

    locked = pricing.rows(
        "select lock_key from public.pricing_sync_lock where lock_key <> %s", "pricing_sync_global"
    )
    assert locked == [{"lock_key": "pricing_sync:catalogue"}]
    assert [pricing.queue_row(a.queue_job_id)["status"] for a in [*lost, kept]] == [
        "todo",
        "todo",
        "doing",
    ]
    assert pricing.value("select public.cleanup_expired_pricing_locks()") == 0


def test_overtime_is_not_expired(pricing: Pricing) -> None:
    pricing.start()
    pricing.do("update public.pricing_sync_log set sync_started_at = now() - interval '5 hours'")
    with pricing.nothing_written():
        assert pricing.value("select public.cleanup_expired_pricing_locks()") == 0
