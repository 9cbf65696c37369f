"""Check for open transactions that make syncs wait."""

from __future__ import annotations

from service.doctor.check_result import MOST_NAMES, CheckResult, age, counted, listed, ok, warn
from service.doctor.facts import Facts, OpenTransaction

TRANSACTIONS = "transactions"

# Time for a person to think before the commit; our transactions end within seconds.
PATIENCE_SECONDS = 60.0


def check_transactions(facts: Facts) -> CheckResult:
    """A warning, because only syncs that need the same rows wait."""
    left_open = [each for each in facts.open_transactions if each.seconds > PATIENCE_SECONDS]
    if left_open:
        shown = [_shown(each) for each in left_open[:MOST_NAMES]]
        more = f"; and {len(left_open) - MOST_NAMES} more" if len(left_open) > MOST_NAMES else ""
        ends = [f"select pg_terminate_backend({each.pid});" for each in left_open[:MOST_NAMES]]
        return warn(
            TRANSACTIONS,
            f"{'; '.join(shown)}{more}: syncs that need the same rows wait",
            f"{' '.join(ends)}  -- what was not committed is lost",
        )
    if facts.hidden_sessions:
        hidden = counted(facts.hidden_sessions, "session")
        return ok(TRANSACTIONS, f"none left open, as far as to be seen ({hidden} hidden from us)")
    return ok(TRANSACTIONS, "none left open")


def _shown(each: OpenTransaction) -> str:
    application = f" in {each.application}" if each.application else ""
    return (
        f"pid {each.pid}, {each.username}{application}, is idle in a transaction for"
        f" {age(each.seconds)} and locks rows of {listed(each.tables)}"
    )
