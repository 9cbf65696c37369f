"""Check whether prices were confirmed as often as their providers' intervals say."""

from __future__ import annotations

from collections.abc import Sequence

from service.doctor.check_result import MOST_NAMES, CheckResult, age, counted, listed, ok, warn
from service.doctor.facts import Facts, StalePrices

STALE = "stale"

# The operator has decided so, or has yet to: no list is expected.
NOT_EXPECTED = ("disabled", "no credential", "no adapter", "schedule off")
# Models leave lists all the time, and become inactive by themselves.
GOING = "not in the list"


def check_stale(facts: Facts) -> CheckResult:
    """A warning for what should have been confirmed; what cannot be is named beside it."""
    late = [each for each in facts.stale if each.why not in (*NOT_EXPECTED, GOING)]
    apart = _apart(facts.stale)
    if not late:
        return ok(STALE, f"each price was confirmed in time{apart}")
    slugs = list(dict.fromkeys(each.provider for each in late))
    return warn(
        STALE,
        f"not confirmed in time: {listed([_named(each) for each in late])}{apart}",
        f"pricing-sync sync {' '.join(slugs[:MOST_NAMES])} --watch",
    )


def _named(each: StalePrices) -> str:
    since = "" if each.seconds is None else f", last {age(each.seconds)} ago"
    models = f", {counted(each.models, 'model')}" if each.models else ""
    return f"{each.provider} ({each.why}{models}{since})"


def _apart(stale: Sequence[StalePrices]) -> str:
    """What is not expected to be confirmed, by the reason."""
    found = ""
    for why in (*NOT_EXPECTED, GOING):
        models = sum(each.models for each in stale if each.why == why)
        slugs = [each.provider for each in stale if each.why == why]
        if models:
            found += f"; {why}: {counted(models, 'model')} of {listed(slugs)}"
    return found
