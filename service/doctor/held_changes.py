"""Check whether price changes wait for a person for too long."""

from __future__ import annotations

from service.doctor.check_result import CheckResult, age, counted, listed, ok, warn
from service.doctor.facts import Facts

HELD = "held"

# After that a change of class large would have applied itself.
PATIENCE_SECONDS = 24 * 3600.0


def check_held(facts: Facts) -> CheckResult:
    """A warning where a provider stands still, or a change waits for longer than a day."""
    held = facts.held
    rejected = ""
    if held.rejected:
        were = "was" if held.rejected == 1 else "were"
        rejected = f"; {held.rejected:,} {were} rejected and still listed"
    if not held.held:
        return ok(HELD, f"nothing waits{rejected}")
    oldest = held.oldest_held_seconds or 0
    waits = "waits" if held.held == 1 else "wait"
    found = f"{counted(held.held, 'price change')} {waits}, the oldest for {age(oldest)}{rejected}"
    if held.standing_still:
        stands = "stands" if len(held.standing_still) == 1 else "stand"
        return warn(
            HELD,
            f"{found}; {listed(held.standing_still)} {stands} still by them",
            f"pricing-sync held --provider {held.standing_still[0]}  # then approve, or reject",
        )
    if oldest > PATIENCE_SECONDS:
        return warn(HELD, found, "pricing-sync held  # then approve, or reject")
    return ok(HELD, found)
