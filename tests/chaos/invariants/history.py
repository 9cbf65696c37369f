"""Prices and their history: exactly what the applied lists say, in their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.invariants.evidence import Evidence, Violation
from tests.chaos.invariants.tables import Row, Tables
from tests.chaos.price_book import MARKER, Price, PublishedList, number_in

# A model missing from this many complete lists is inactive.
MISSES = 3


@dataclass
class Shelf:
    """A provider's models as they must be after the lists applied so far."""

    prices: dict[str, Price] = field(default_factory=dict)
    misses: dict[str, int] = field(default_factory=dict)

    def apply(self, published: PublishedList, *, is_modified: bool) -> dict[str, tuple[Any, Price]]:
        """Apply a list; returns model -> (price before or None, price) for those that changed."""
        changed = {
            model: (self.prices.get(model), price)
            for model, price in published.prices.items()
            if is_modified and self.prices.get(model) != price
        }
        for model in self.prices:
            if model not in published.prices and self.misses[model] < MISSES:
                self.misses[model] += 1
        if is_modified:
            for model, price in published.prices.items():
                self.prices[model] = price
                self.misses[model] = 0
        return changed


def history_is_a_chain(tables: Tables, evidence: Evidence) -> Iterator[Violation]:
    """Each row's previous price is that of the row before; the last is the price in force."""
    name = "history is the exact chain of changes"
    chains: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in tables.history:
        chains[row["provider_slug"], row["model"]].append(row)
    for chain in chains.values():
        before: Row | None = None
        for row in chain:
            expected = (None, None) if before is None else _prices(before)
            if (row["previous_input_price"], row["previous_output_price"]) != expected:
                what = "a row's previous price is not that of the row before"
                yield Violation(name, what, [before or {}, row])
            if before is not None and _prices(row) == _prices(before):
                yield Violation(name, "a row repeats the price before it", [before, row])
            before = row
    for model in tables.models:
        last = chains[model["provider_slug"], model["model"]][-1:]
        if not last or _prices(last[0]) != _prices(model):
            yield Violation(name, "the price in force is not that of the last row", [model, *last])
        elif last[0]["changed_at"] != model["last_changed_at"]:
            yield Violation(name, "last_changed_at is not that of the last row", [model, *last])


def history_follows_the_lists(tables: Tables, evidence: Evidence) -> Iterator[Violation]:
    """History has exactly the changes from each applied list to the next: no duplicate, no gap."""
    name = "history has every change of the applied lists, and no other"
    told: set[int] = set()
    for slug in evidence.published:
        shelf = Shelf()
        for attempt, published, rows in applied_lists(tables, evidence, slug):
            told.update(row["id"] for row in rows)
            if published is None:
                yield Violation(name, "nobody published the list that was applied", [attempt])
                break
            is_modified = not attempt["details"].get("not_modified")
            changed = shelf.apply(published, is_modified=is_modified)
            expected = {model: (_pair(old), _pair(new)) for model, (old, new) in changed.items()}
            actual = {row["model"]: (_previous(row), _prices(row)) for row in rows}
            if actual != expected or len(rows) != len(actual):
                wrong = {
                    model
                    for model in expected.keys() | actual.keys()
                    if expected.get(model) != actual.get(model)
                }
                guilty = [row for row in rows if row["model"] in wrong]
                what = f"list {published.number} of {slug} changes {len(expected)} models, history"
                what += f" has {len(rows)}; wrong: {sorted(wrong)[:5]}"
                yield Violation(name, what, [attempt, *guilty])
            if attempt["models_updated"] != len(rows):
                yield Violation(name, f"an attempt has {len(rows)} history rows", [attempt])
    for row in tables.history:
        if row["id"] not in told:
            yield Violation(name, "no successful attempt wrote this row", [row])


def prices_equal_the_last_list(tables: Tables, evidence: Evidence) -> Iterator[Violation]:
    """Prices in force are those of the list applied last, which is the list served last."""
    name = "each provider's final prices equal the last body served"
    for slug in evidence.published:
        shelf, last = Shelf(), None
        for attempt, published, _ in applied_lists(tables, evidence, slug):
            if published is not None:
                is_modified = not attempt["details"].get("not_modified")
                shelf.apply(published, is_modified=is_modified)
                last = published
        models = {m["model"]: m for m in tables.models if m["provider_slug"] == slug}
        expected = {
            model: (_pair(price), shelf.misses[model], shelf.misses[model] < MISSES)
            for model, price in shelf.prices.items()
        }
        actual = {
            model: (_prices(row), row["missing_count"], row["is_active"])
            for model, row in models.items()
        }
        wrong = [m for m in expected.keys() | actual.keys() if expected.get(m) != actual.get(m)]
        if wrong:
            rows = [{"expected": expected.get(m), **models.get(m, {"model": m})} for m in wrong]
            yield Violation(name, f"{len(wrong)} models of {slug} are wrong", rows)
        served = [s.number for s in evidence.served if s.slug == slug]
        if evidence.is_calm and (last is None or last.number != served[-1]):
            what = f"{slug}: list {last and last.number} is in force, {served[-1:]} was served last"
            yield Violation(name, what)


def applied_lists(
    tables: Tables, evidence: Evidence, slug: str
) -> Iterator[tuple[Row, PublishedList | None, list[Row]]]:
    """Each attempt that applied, in order, with its list and its history rows.

    The price of its marker identifies a list; an attempt that changed nothing confirmed the list
    before.
    """
    rows_at: dict[Any, list[Row]] = defaultdict(list)
    for row in tables.history:
        if row["provider_slug"] == slug:
            rows_at[row["changed_at"], row["job_id"]].append(row)
    lists = evidence.published[slug]
    published: PublishedList | None = None
    attempts = [
        a
        for a in tables.attempts
        if a["provider_slug"] == slug and a["applied_at"] is not None and not a["dry_run"]
    ]
    for attempt in sorted(attempts, key=lambda a: a["applied_at"]):
        rows = rows_at[attempt["applied_at"], attempt["job_id"]]
        for row in rows:
            if row["model"] == MARKER:
                number = number_in(row["price_per_input_token"])
                published = lists[number] if 0 <= number < len(lists) else None
        yield attempt, published, rows


def _prices(row: Row) -> tuple[Any, Any]:
    return row["price_per_input_token"], row["price_per_output_token"]


def _previous(row: Row) -> tuple[Any, Any]:
    return row["previous_input_price"], row["previous_output_price"]


def _pair(price: Price | None) -> tuple[Any, Any]:
    return (None, None) if price is None else (price.input, price.output)
