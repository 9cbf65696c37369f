"""Models of which a price was published and not read."""

from __future__ import annotations

from service.doctor.check_result import CheckResult, counted, listed, ok, warn
from service.doctor.facts import Facts

UNREAD = "unread"


def check_unread(facts: Facts) -> CheckResult:
    """A warning, because their bills may miss something that the provider charges."""
    if not facts.incomplete:
        return ok(UNREAD, "every published price of an active model is read")
    found = sorted(facts.incomplete.items(), key=lambda item: (-item[1], item[0]))
    return warn(
        UNREAD,
        f"{counted(sum(facts.incomplete.values()), 'model')} with something about a price that was"
        f" not read: {listed([f'{provider} {models:,}' for provider, models in found])}",
        "select provider, model, unread, published from pricing_incomplete;",
    )
