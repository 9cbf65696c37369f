"""Check that objects and rights are as this version makes them."""

from __future__ import annotations

from collections.abc import Sequence

from service.doctor.check_result import CheckResult, fail, ok, warn
from service.migrations.comparison.difference import Difference

STATE = "objects"

MIGRATE = "pricing-sync migrate"
REPAIR = "pricing-sync migrate --repair"


def check_state(differences: Sequence[Difference]) -> CheckResult:
    """Fail for what migrate restores; warn of what the operator may have intended."""
    if not differences:
        return ok(STATE, "as this version has them")
    statements = [
        # A table's statement is long, and repair also reconciles what depends on it.
        REPAIR if each.object.startswith("table ") and each.is_repaired else each.statement
        for each in differences
        if each.statement is not None and not each.is_ours
    ]
    statements = list(dict.fromkeys(statements))
    if any(each.is_ours for each in differences):
        advice = "  # and, unless intended: ".join([MIGRATE, *filter(None, [" ".join(statements)])])
        return fail(STATE, _named(differences), advice)
    return warn(STATE, _named(differences), " ".join(statements) or f"{MIGRATE} --status")


def _named(differences: Sequence[Difference]) -> str:
    """All differences, grouped by what differs."""
    objects: dict[str, list[str]] = {}
    for each in differences:
        objects.setdefault(each.found, []).append(each.object)
    return "; ".join(f"{', '.join(of)}: {found}" for found, of in objects.items())
