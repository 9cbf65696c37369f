"""Triggers: every acknowledged trigger has a job, and every job was triggered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.chaos.invariants.evidence import Evidence, Violation
from tests.chaos.invariants.schedule import SCHEDULED
from tests.chaos.invariants.tables import Tables
from tests.chaos.load import Trigger


def every_trigger_is_accounted_for(tables: Tables, evidence: Evidence) -> Iterator[Violation]:
    name = "every accepted trigger is accounted for"
    jobs = {str(job["job_id"]): job for job in tables.jobs}
    keys = {row["key"]: str(row["job_id"]) for row in tables.keys}
    accounted: set[str] = set()
    for trigger in evidence.triggers:
        accounted.update(trigger.acknowledged)
        lost = [job_id for job_id in trigger.acknowledged if job_id not in jobs]
        if lost:
            yield Violation(name, f"acknowledged, and there is no job {lost}", [vars(trigger)])
        if trigger.key is not None:
            yield from _one_job(name, trigger, keys)
        elif len(trigger.acknowledged) > 1:
            yield Violation(name, "one trigger was acknowledged twice", [vars(trigger)])
        for job_id in set(trigger.acknowledged) & jobs.keys():
            wanted = trigger.providers
            if wanted is not None and set(jobs[job_id]["providers"]) != set(wanted):
                row = jobs[job_id]
                yield Violation(name, "acknowledged with another's job", [vars(trigger), row])
    yield from _nobody_asked(name, tables, evidence, accounted)


def _one_job(name: str, trigger: Trigger, keys: dict[str, str]) -> Iterator[Violation]:
    """A key gives one job however often it was sent, and none if it was rejected."""
    known = {keys[trigger.key]} if trigger.key in keys else set()
    answered = set(trigger.acknowledged)
    if len(answered) > 1:
        yield Violation(name, "one key was acknowledged with two jobs", [vars(trigger)])
    elif answered and answered != known:
        yield Violation(name, f"the key's job is {known}, not what was said", [vars(trigger)])
    elif not answered and known:
        yield Violation(name, f"a key that was never acknowledged has {known}", [vars(trigger)])


def _nobody_asked(
    name: str, tables: Tables, evidence: Evidence, accounted: set[str]
) -> Iterator[Violation]:
    """Jobs that were never acknowledged: at most as many as responses that were lost."""
    by_name = {trigger.name: trigger for trigger in evidence.triggers}
    unanswered_by_http = sum(
        t.unanswered for t in evidence.triggers if t.by == "http" and t.key is None
    )
    unknown = []
    per_trigger: Counter[str] = Counter()
    for job in tables.jobs:
        trigger = by_name.get(job["triggered_by"])
        if trigger is not None:
            per_trigger[trigger.name] += 1
            tries = len(trigger.acknowledged) + trigger.unanswered
            if per_trigger[trigger.name] > (1 if trigger.key else tries):
                yield Violation(name, "a trigger has more jobs than tries", [vars(trigger), job])
        elif str(job["job_id"]) not in accounted and job["triggered_by"] != SCHEDULED:
            unknown.append(job)
    if len(unknown) > unanswered_by_http or any(job["idempotency_key"] for job in unknown):
        what = f"{len(unknown)} jobs that nobody was told of, {unanswered_by_http} lost answers"
        yield Violation(name, what, unknown)
