"""The schedule: each slot that is due is taken, by one sync only."""

from __future__ import annotations

from collections.abc import Iterator

from tests.chaos.invariants.evidence import Evidence, Violation
from tests.chaos.invariants.tables import Tables

SCHEDULED = "schedule"


def each_slot_is_taken_once(tables: Tables, evidence: Evidence) -> Iterator[Violation]:
    """Another sync may have served a slot, so there may be fewer scheduled syncs than slots."""
    name = "a slot of the schedule is taken, and once"
    for provider in tables.providers:
        if provider["is_due"]:
            yield Violation(name, "a provider is due and nobody has taken its slot", [provider])
        slug, slots = provider["slug"], evidence.slots.get(provider["slug"], 0)
        taken = [
            job
            for job in tables.jobs
            if job["triggered_by"] == SCHEDULED and slug in job["providers"]
        ]
        if len(taken) > slots:
            what = f"{len(taken)} syncs of {slug} were scheduled for {slots} slots"
            yield Violation(name, what, taken)
