"""With the guards on, exactly the changes that the rules name are held; all others are applied.

In one run the lists follow each other within seconds, so that nothing is applied by itself; in the
other they keep their real distance, for which held changes are made older between two lists. The
summary of the test run lists the held changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from psycopg.rows import DictRow

from tests.replay.bodies import monthly_bodies
from tests.replay.catalogue_numbers import catalogue_numbers
from tests.replay.course import Course
from tests.replay.guarded_book import GuardedBook, Held
from tests.replay.guards import free_models
from tests.replay.published import published_prices
from tests.replay.stored import decimals, stored_pages
from tests.support.recordings import needs_recordings

pytestmark = [needs_recordings, pytest.mark.long]

BOUNDS = (
    ("moved", "priced models of a list that move in one sync", "more than 1/3, and 10"),
    ("alike", "models that move by one same factor", "15 %, and 5"),
    ("unpriced", "models that lose one price (no fee)", "1/2, and 10: the list fails"),
    ("fee", "models that lose one fee", "1/2, and 10"),
)
FALLEN_TO_ZERO = (
    "select h.id from model_pricing_history h where h.previous_input_price > 0"
    " and h.price_per_input_token = 0"
)
HELD = (
    "select h.*, m.model_id as model from pricing_held_all h"
    " join model_pricing m on m.id = h.model_id order by h.id"
)


@pytest.mark.parametrize("time_passes", [False, True], ids=["within seconds", "months apart"])
def test_two_years_of_lists_leave_exactly_the_changes_waiting_that_the_rules_name(
    course: Course, time_passes: bool, record_property: Callable[[str, object], None]
) -> None:
    course.set_provider(guards_enabled=True)
    book = GuardedBook(time_passes=time_passes, catalogue=catalogue_numbers("openrouter"))
    bodies = monthly_bodies()
    days = [recorded.day for recorded in bodies]
    to_next = {day: date.fromisoformat(later) for day, later in pairwise(days)}
    for recorded in bodies:
        day, published = recorded.day, published_prices(recorded.body)
        book.free = free_models(recorded.body)
        book.enter(day, published)
        log = course.sync(day, recorded.body)
        assert log["status"] == "success", log
        _assert_same_held(course.queue.rows(HELD), book.held, course.days)
        said = [model_id for model_id in book.open() if model_id in published]
        counted = (log["models_updated"], log["models_held"])
        assert counted == (book.changes_of(day), len(said)), day
        if time_passes and day in to_next:
            _make_older(course, (to_next[day] - date.fromisoformat(day)).days)
    assert stored_pages(course.queue, course.provider, course.days) == book.pages
    _assert_held_for_a_reason(course.queue.rows(HELD))
    # What was published as free by mistake, in March 2026, and taken back.
    assert course.queue.rows(FALLEN_TO_ZERO) == []
    record_property(
        "terminal_summary", _summary(course.queue.rows(HELD), course.days, book, time_passes)
    )


def _assert_held_for_a_reason(rows: list[DictRow]) -> None:
    """A factor of 10 (of a first price: beside the catalogue), a fall to zero, or a whole list."""
    of_lists = {"catalogue", "moves", "fees_gone", "conditions_gone", "list", "catalogue_list"}
    for row in rows:
        kinds = {evidence["kind"] for evidence in row["evidence"]}
        assert (row["ratio"] or 0) >= 10 or row["to_zero"] or kinds & of_lists, row


def _make_older(course: Course, days: int) -> None:
    course.queue.connection.execute(
        "update pricing_held_changes set first_seen_at = first_seen_at - make_interval(days => %s)"
        " where status = 'held'",
        [days],
    )


def _assert_same_held(rows: list[DictRow], expected: list[Held], days: dict[str, str]) -> None:
    stored = {_key(row["model"], days[str(row["first_job_id"])]): row for row in rows}
    computed = {_key(held.model_id, held.since): held for held in expected}
    assert len(stored) == len(rows)
    assert stored.keys() == computed.keys()
    for key, held in computed.items():
        row, verdict = stored[key], held.verdict
        assert row["status"] == held.status, key
        assert (row["class"], row["to_zero"]) == (verdict.kind, verdict.to_zero), key
        assert row["times_seen"] == held.times_seen, key
        assert row["reason"].startswith(f"{verdict.kind}: "), row["reason"]
        assert _rounded(row["ratio"]) == _rounded(verdict.ratio), key
        assert decimals(row["prices"]) == held.prices, key
        assert decimals(row["previous"]) == held.previous, key
        assert {(e.get("axis"), e["kind"]) for e in row["evidence"]} == verdict.suspicions, key


def _key(model_id: str, day: str) -> str:
    return f"{day} {model_id}"


def _rounded(ratio: Decimal | None) -> str | None:
    return None if ratio is None else f"{ratio:.9e}"


def _summary(
    rows: list[DictRow], days: dict[str, str], book: GuardedBook, time_passes: bool
) -> str:
    """The bounds beside what real lists reach, and one line for each held change; where time
    passes, the same ones recur, so only the counts."""
    ends = Counter(row["status"] for row in rows)
    lines = [
        f"{len(rows)} price changes were held in two years of OpenRouter's lists,"
        f" {'a month apart' if time_passes else 'all within seconds'}:"
        f" {', '.join(f'{number} {status}' for status, number in sorted(ends.items()))}"
    ]
    if time_passes:
        return "\n".join(lines)
    for row in rows:
        ratio = "no ratio" if row["ratio"] is None else f"{row['ratio']:.1f} x"
        day = days[str(row["first_job_id"])]
        lines.append(f"{day}  {ratio:>8}  {row['model']}: {row['reason']}")
    return "\n".join([*lines, "", *_table(book, rows)])


def _table(book: GuardedBook, rows: list[DictRow]) -> list[str]:
    kinds = Counter(kind for row in rows for kind in {e["kind"] for e in row["evidence"]})
    lines = [
        ("guard", "real maximum", "holds from"),
        *((words, book.guards.shares.told(name), bound) for name, words, bound in BOUNDS),
        *((f"held as {kind}", f"{number} changes", "") for kind, number in sorted(kinds.items())),
    ]
    return [f"{guard:<52} {maximum:<24} {bound}".rstrip() for guard, maximum, bound in lines]
