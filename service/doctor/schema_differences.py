"""Whether the database's objects and rights are as this version makes them."""

from __future__ import annotations

from collections.abc import Sequence

from service.doctor.check_result import CheckResult, fail, ok, warn
from service.migrations.comparison.difference import Difference

STATE = "objects"

MIGRATE = "pricing-sync migrate"
REPAIR = "pricing-sync migrate --repair"


def check_state(differences: Sequence[Difference]) -> CheckResult:
    """What migrate mends is a failure; what the operator may have meant is a warning."""
    if not differences:
        return ok(STATE, "as this version has them")
    statements = [
        # What makes a table is long, and repair settles what hangs on it as well.
        REPAIR if each.object.startswith("table ") and each.is_repaired else each.statement
        for each in differences
        if each.statement is not None and not each.is_ours
    ]
    statements = list(dict.fromkeys(statements))
    if any(each.is_ours for each in differences):
        advice = "  # and, if nobody meant it: ".join(
            [MIGRATE, *filter(None, [" ".join(statements)])]
        )
        return fail(STATE, _named(differences), advice)
    return warn(STATE, _named(differences), " ".join(statements) or f"{MIGRATE} --status")


def _named(differences: Sequence[Difference]) -> str:
    """Every one of them; those of which the same is true together."""
    objects: dict[str, list[str]] = {}
    for each in differences:
        objects.setdefault(each.found, []).append(each.object)
    return "; ".join(f"{', '.join(of)}: {found}" for found, of in objects.items())
