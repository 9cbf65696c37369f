"""Audit rows of changed settings."""

from __future__ import annotations

from tests.db.pricing import Pricing

AUDIT = "select who, action, subject, details from public.pricing_audit_log order by id"


def test_what_changed_was_and_now(pricing: Pricing) -> None:
    pricing.do("update public.pricing_settings set max_attempts = 7, updated_at = now()")
    pricing.do("update public.pricing_settings set max_attempts = 7, updated_at = now()")
    (row,) = pricing.rows(AUDIT)
    assert row == {
        "who": pricing.value("select session_user::text"),
        "action": "change_settings",
        "subject": "pricing_settings",
        "details": {"max_attempts": {"was": 3, "now": 7}},
    }
