"""What must hold after a run, whatever the faults; read from the tables alone.

Only two records come from outside the tables: what the providers published and were asked for, and
which triggers were acknowledged. Each invariant yields the rows that break it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from tests.chaos.invariants import attempts, history, jobs, leftovers, schedule, triggers
from tests.chaos.invariants.evidence import Evidence, Violation
from tests.chaos.invariants.tables import Tables

__all__ = ["INVARIANTS", "Evidence", "Tables", "Violation", "broken_invariants"]

Invariant = Callable[[Tables, Evidence], Iterable[Violation]]

INVARIANTS: tuple[Invariant, ...] = (
    jobs.each_job_ended_once,
    jobs.counters_equal_the_log,
    attempts.no_two_attempts_overlap,
    attempts.an_ended_attempt_stays_ended,
    attempts.queue_and_log_agree,
    attempts.each_success_applied_what_it_fetched,
    history.history_is_a_chain,
    history.history_follows_the_lists,
    history.prices_equal_the_last_list,
    leftovers.nothing_is_left_open,
    schedule.each_slot_is_taken_once,
    triggers.every_trigger_is_accounted_for,
)

# Violations shown for each invariant: enough to find the cause.
MOST_SHOWN = 5


def broken_invariants(tables: Tables, evidence: Evidence) -> list[Violation]:
    return [
        violation
        for invariant in INVARIANTS
        for violation in islice(invariant(tables, evidence), MOST_SHOWN)
    ]
