"""Only syncs of a provider may have the provider's lock."""

from __future__ import annotations

from tests.db.pricing import Pricing, refused

DEFER = (
    "insert into procrastinate.procrastinate_jobs (queue_name, task_name, args, lock, scheduled_at)"
    " values ('default', 'other', '{}', %s, now() + interval '1 year')"
)


def test_another_task_cannot_take_it(pricing: Pricing) -> None:
    with refused("PT422") as info:
        pricing.do(DEFER, "pricing_sync:openrouter")
    assert "pricing_sync:openrouter" in str(info.value.diag.message_primary)


def test_nor_later(pricing: Pricing) -> None:
    other = pricing.other_task()
    with refused("PT422"):
        pricing.do(
            "update procrastinate.procrastinate_jobs set lock = 'pricing_sync:openrouter'"
            " where id = %s",
            other,
        )


def test_other_locks_are_other_peoples(pricing: Pricing) -> None:
    pricing.do(DEFER, "pricing-sync:mine")
    pricing.do(DEFER, "pricingXsync:openrouter")
    pricing.trigger("openrouter")
    assert pricing.fetch() is not None
