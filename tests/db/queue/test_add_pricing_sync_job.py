"""A job is signed as the schedule's only when the schedule adds it."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing, refused

SAYS = "select triggered_by, request, session_login from pricing_sync_jobs"


@pytest.mark.parametrize("word", ["schedule", " Schedule\t"])
@pytest.mark.parametrize("role", ["pricing_web", "service_role", "pricing_owner"])
def test_other_roles_may_not_use_the_schedule_s_word(
    pricing: Pricing, role: str, word: str
) -> None:
    with pricing.nothing_written(), refused("PT422"):
        pricing.trigger("deepinfra", role=role, triggered_by=word)
    # Nor does the text of a statement pass for it, which stands in the call stack.
    with pricing.nothing_written(), pricing.as_role(role), refused("PT422"):
        pricing.do(
            "do $$ begin perform public.trigger_pricing_sync(null, 'schedule'); /*\n"
            "PL/pgSQL function public.enqueue_due_pricing_syncs() line 1 at RETURN QUERY */ end $$"
        )


@pytest.mark.parametrize("call", ["enqueue_due_pricing_syncs()", "tick_pricing_schedule('worker')"])
def test_the_schedule_does(pricing: Pricing, call: str) -> None:
    pricing.do("update pricing_settings set scheduler_enabled = true")
    pricing.do("update pricing_providers set next_sync_at = now() + interval '1 hour'")
    pricing.do("update pricing_providers set next_sync_at = now() where slug = 'deepinfra'")
    with pricing.as_role("pricing_worker"):
        pricing.do(f"select * from public.{call}")
    assert pricing.row(SAYS) == {
        "triggered_by": "schedule",
        "request": {"providers": ["deepinfra"], "dry_run": False, "on_conflict": "queue"},
        "session_login": pricing.connection.info.user,
    }
