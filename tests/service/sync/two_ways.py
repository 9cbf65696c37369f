"""Apply the same lists in two databases: whole in one, and without unchanged entries in the other.

Both go through the reader and the functions that a worker uses, and through the same acts of people
in between. What the tables say afterwards must be the same.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

import psycopg
from psycopg.rows import DictRow

from service.errors import ParseError
from service.providers.adapter import adapter
from service.reading.entry_digests import DIGEST_BYTES
from service.sync.list_reader import ListReader

Entry = dict[str, Any]
_ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PROVIDER = "openrouter"

# Everything but numbers of rows and the times at which they were written.
CONTENTS = {
    "models": """
        select provider_slug, model_id, name, listed_by, pricing_source, missing_count, is_active,
            extra, synced, conditions, next_effective_at, to_jsonb(m) - array[
                'id', 'first_seen_at', 'last_changed_at', 'listed_at'
            ] as all_of_it
        from public.model_pricing m order by provider_slug, model_id""",
    "history": """
        select m.model_id, to_jsonb(h) - array[
                'id', 'model_id', 'changed_at', 'effective_at', 'observed_at', 'job_id'
            ] as row
        from public.model_pricing_history h join public.model_pricing m on m.id = h.model_id
        order by m.model_id, h.id""",
    "held": """
        select m.model_id, h.status, h.class, h.reason, h.ratio, h.to_zero, h.prices, h.previous,
            h.evidence, h.pricing_source, h.extra, h.raw, h.times_seen, h.still_said, h.decided_by
        from public.pricing_held_all h join public.model_pricing m on m.id = h.model_id
        order by m.model_id, h.first_seen_at, h.id""",
    "log": """
        select l.status, l.models_fetched, l.models_updated, l.models_skipped, l.models_unchanged,
            l.models_held, l.error_kind, l.error_message, l.details
        from public.pricing_sync_log l order by l.id""",
    "catalogue": """
        select provider_slug, model_id, prices, version
        from public.pricing_catalogue_prices order by provider_slug, model_id""",
    "aliases": """
        select provider_slug, model_id, canonical_id, source
        from public.pricing_model_aliases order by provider_slug, model_id""",
}


@dataclass
class Side:
    """One database, and how lists come to it."""

    connection: psycopg.Connection[DictRow]
    is_whole: bool
    jobs: list[str] = field(default_factory=list)
    left_out: int = 0
    read: int = 0

    def rows(self, query: str, *arguments: object) -> list[DictRow]:
        return self.connection.execute(query.encode(), arguments or None).fetchall()

    def sync(self, body: bytes, observed_at: datetime) -> str:
        """Run a sync as the worker does; returns how it ended."""
        self.rows("select trigger_pricing_sync(array[%s], 'test')", PROVIDER)
        [row] = self.rows(
            "select * from fetch_queue_row(null,"
            " (select worker_id from procrastinate.procrastinate_register_worker_v1()))"
        )
        self.jobs.append(row["args"]["job_id"])
        attempt = (row["id"], row["attempts"] + 1)
        try:
            listed = self._read(body, observed_at, attempt)
            self._apply(listed, attempt)
            return "success"
        except ParseError as refused:
            kind, message = refused.code, refused.message
        except psycopg.DatabaseError as refused:
            kind, message = str(refused.sqlstate), str(refused.diag.message_primary)
            assert kind != "PT412", message
        self.rows("select end_provider_sync(%s, %s, 'failed', 'bad_shape', %s)", *attempt, message)
        return f"{kind}: {message}"

    def _read(self, body: bytes, observed_at: datetime, attempt: tuple[int, int]) -> Any:
        unchanged = None
        if not self.is_whole:
            [row] = self.rows("select pricing_unchanged_digests(%s, %s) as digests", *attempt)
            starts = range(0, len(row["digests"]), DIGEST_BYTES)
            unchanged = frozenset(row["digests"][n : n + DIGEST_BYTES] for n in starts)
        reader = ListReader(adapter(PROVIDER), PROVIDER, unchanged)
        reader.take(body, observed_at)
        return reader.result()

    def _apply(self, listed: Any, attempt: tuple[int, int]) -> None:
        skipped = [{"model_id": s.model_id, "reason": s.reason} for s in listed.skipped]
        with self.connection.transaction():
            self.connection.execute("set local role pricing_worker")
            self.rows(
                "select * from public.apply_provider_list(%s, %s, %s::jsonb, %s, %s::jsonb,"
                " %s::jsonb, null, null, null, %s::jsonb, %s, %s)",
                *attempt,
                listed.rows,
                listed.observed_at,
                json.dumps(skipped),
                json.dumps(listed.unknown_keys),
                listed.reference,
                listed.reference_version,
                listed.unchanged,
            )
        self.left_out += len(listed.unchanged) // DIGEST_BYTES
        self.read += len(json.loads(listed.rows))

    def contents(self, name: str) -> list[str]:
        """The rows of a table as texts, with a job's number in place of its id."""
        rows = [json.dumps(row, default=str, sort_keys=True) for row in self.rows(CONTENTS[name])]
        jobs = {job: f"job {number}" for number, job in enumerate(self.jobs)}
        return [_ID.sub(lambda found: jobs.get(found[0], found[0]), row) for row in rows]


@dataclass
class TwoWays:
    """Both databases, with the same past."""

    whole: Side
    by_digest: Side
    draw: random.Random

    def __post_init__(self) -> None:
        self.sides = (self.whole, self.by_digest)

    def sync(self, entries: list[Entry]) -> str:
        """Sync the list in both, in any order of the entries and keys; returns how it ended."""
        now = datetime.now(UTC)
        mixed = [dict(self.draw.sample(list(e.items()), len(e))) for e in entries]
        self.draw.shuffle(mixed)
        body = json.dumps({"data": mixed}, indent=self.draw.choice([None, 1])).encode()
        ends = {side.sync(body, now) for side in self.sides}
        assert len(ends) == 1, ends
        self.compare()
        return ends.pop()

    def act(self, statement: str, *arguments: object) -> None:
        """What a person does, in both; one that is refused is refused in both."""
        told = {_outcome(side, statement, *arguments) for side in self.sides}
        assert len(told) == 1, (statement, arguments, told)

    def roll_back_last(self) -> None:
        """Roll back the last sync; one that changed nothing is refused in both."""
        statement = "select * from rollback_pricing_sync(%s, false, 'test')"
        assert len({_outcome(side, statement, side.jobs[-1]) for side in self.sides}) == 1

    def compare(self) -> None:
        for name in CONTENTS:
            whole, by_digest = (side.contents(name) for side in self.sides)
            unlike = [pair for pair in zip_longest(whole, by_digest) if len(set(pair)) > 1]
            assert unlike == [], (name, unlike[:2])


def _outcome(side: Side, statement: str, *arguments: object) -> str:
    try:
        with side.connection.transaction():
            side.rows(statement, *arguments)
    except psycopg.DatabaseError as refused:
        return str(refused.sqlstate)
    return "done"


def change_list(entries: list[Entry], draw: random.Random) -> list[Entry]:
    """A later list: some prices move, some by a suspicious factor, models come, go and change."""
    changed = [json.loads(json.dumps(entry)) for entry in entries]
    for entry in changed:
        kind = draw.random()
        if kind < 0.05:
            _multiply(entry, draw.choice(["0.5", "0.9", "1.2", "3"]))
        elif kind < 0.06:
            _multiply(entry, draw.choice(["20", "1000", "0.00001"]))
        elif kind < 0.07:
            entry["name"] = f"Model {draw.randrange(100)}"
        elif kind < 0.08:
            entry.setdefault("pricing", {})["surcharge"] = str(draw.randrange(9))
        elif kind < 0.09:
            entry["pricing"] = {"prompt": "none"}
        elif kind < 0.10:
            entry["pricing"] = {"prompt": "0", "completion": "0"}
        elif kind < 0.11:
            year = draw.choice(["2020", "2099"])
            entry.setdefault("pricing", {})["overrides"] = [
                {"prompt": "0.00001", "effective_from": f"{year}-01-01T00:00:00Z"}
            ]
        elif kind < 0.12:
            entry.setdefault("pricing", {})["overrides"] = [
                {"prompt": "0.00001", "min_prompt_tokens": draw.choice([1000, 2000])}
            ]
        elif kind < 0.20:
            entry["description"] = f"text {draw.randrange(100)}"
    if draw.random() < 0.5:
        changed = [entry for entry in changed if draw.random() > 0.06]
    if draw.random() < 0.3:
        twin = json.loads(json.dumps(draw.choice(changed)))
        if draw.random() < 0.5:
            _multiply(twin, "2")
        changed.append(twin)
    if draw.random() < 0.3:
        new = json.loads(json.dumps(draw.choice(changed)))
        new["id"] = f"{new['id'].upper() if draw.random() < 0.3 else new['id']}-{draw.random()}"
        changed.append(new)
    return changed


def _multiply(entry: Entry, factor: str) -> None:
    pricing = entry.get("pricing")
    if not isinstance(pricing, dict):
        return
    for key, value in list(pricing.items()):
        if isinstance(value, str):
            try:
                pricing[key] = f"{float(value) * float(factor):.12f}"
            except ValueError:
                continue
