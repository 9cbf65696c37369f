"""Which public roles of Supabase's Data API may read prices."""

from __future__ import annotations

from service.doctor.check_result import CheckResult, ok
from service.doctor.facts import Facts

READERS = "readers"

_WHO = {
    "anon": "every caller with the publishable key",
    "authenticated": "signed-in users",
}


def check_readers(facts: Facts) -> CheckResult:
    """Always ok: the operator decides; rights beyond the setting are differences of objects."""
    if not facts.api_readers:
        return ok(READERS, "neither anon nor authenticated may read prices (api_readers)")
    named = " and ".join(f"{role} ({_WHO[role]})" for role in facts.api_readers)
    return ok(READERS, f"{named} may read prices and their history (api_readers)")
