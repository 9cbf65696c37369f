"""The invariants of a chaos run: each fails on wrong tables, and none on right ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from tests.chaos.invariants import INVARIANTS, Evidence, Tables
from tests.chaos.invariants.tables import read_tables
from tests.chaos.load import Trigger
from tests.chaos.price_book import PriceBook, PublishedList
from tests.chaos.provider_sites import Served
from tests.db.pricing import Attempt, Pricing, price
from tests.support.postgres import Cluster

KEY = "a key"


@dataclass
class Story:
    """A small history with everything that a run contains, written by hand."""

    pricing: Pricing
    books: dict[str, PriceBook]
    served: list[Served]
    triggers: list[Trigger]

    def trigger(self, *slugs: str, **options: Any) -> Trigger:
        name = f"trigger {len(self.triggers) + 1}"
        job = self.pricing.trigger(*slugs, triggered_by=name, **options)
        trigger = Trigger(name, "sql", list(slugs), key=options.get("idempotency_key"))
        trigger.acknowledged.append(str(job["job_id"]))
        self.triggers.append(trigger)
        return trigger

    def fetch(self) -> Attempt:
        attempt = self.pricing.fetch()
        assert attempt is not None
        return attempt

    def serve(self, slug: str, *, changes: bool = True) -> PublishedList:
        book = self.books[slug]
        published = book.turn_page() if changes else book.current
        self.served.append(Served(slug, published.number, time.time()))
        return published

    def succeed(self, *, changes: bool = True) -> Attempt:
        """Fetch the waiting sync, and apply the provider's next list or the same one again."""
        attempt = self.fetch()
        published = self.serve(attempt.provider, changes=changes)
        prices = [
            price(model, str(p.input), str(p.output), source=f"api:{attempt.provider}")
            for model, p in published.prices.items()
        ]
        self.pricing.apply(attempt, prices if changes else None)
        return attempt

    @property
    def evidence(self) -> Evidence:
        lists = {slug: book.lists for slug, book in self.books.items()}
        return Evidence(lists, list(self.served), list(self.triggers), {"openrouter": 1})


def told(pricing: Pricing) -> Story:
    """Successes, a lost worker, failures, statements by hand; at the end everything has ended."""
    books = {
        slug: PriceBook(slug, "openrouter", 6, Random(slug)) for slug in ("openrouter", "deepinfra")
    }
    story = Story(pricing, books, [], [])
    story.trigger("openrouter", "deepinfra")
    story.succeed()
    story.succeed()
    story.trigger("openrouter", idempotency_key=KEY)
    story.triggers[-1].acknowledged *= 2
    story.succeed()
    story.trigger("openrouter")
    story.succeed(changes=False)
    story.trigger("openrouter", dry_run=True)
    story.succeed()
    story.trigger("deepinfra")
    silent = story.pricing.worker("1 hour")
    assert pricing.fetch(silent) is not None
    story.serve("deepinfra")
    pricing.do("select * from public.cleanup_stuck_pricing_syncs()")
    story.succeed()
    failed = story.trigger("openrouter")
    pricing.end(story.fetch(), "failed", "not_json", "not a list")
    pricing.do("select public.retry_pricing_sync(%s)", failed.acknowledged[0])
    story.succeed()
    stopped = story.trigger("deepinfra")
    story.fetch()
    pricing.do(
        "update pricing_sync_jobs set status = 'failed' where job_id = %s", stopped.acknowledged[0]
    )
    story.trigger("openrouter")
    story.succeed()
    story.trigger("deepinfra")
    story.succeed()
    return story


@pytest.fixture(scope="module")
def story(migrated_cluster: Cluster) -> Iterator[Story]:
    with migrated_cluster.database(template=migrated_cluster.template) as name:
        url = migrated_cluster.url_of(name)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            connection.execute((Path(__file__).parent / "chaos.sql").read_bytes())
            yield told(Pricing(connection))


def broken(tables: Tables, evidence: Evidence) -> set[str]:
    return {
        invariant.__name__
        for invariant in INVARIANTS
        if any(True for _ in invariant(tables, evidence))
    }


def after(connection: psycopg.Connection[DictRow], statements: str) -> Tables:
    """The tables after a statement that runs without our triggers and is rolled back."""
    with connection.transaction(force_rollback=True):
        connection.execute("set local session_replication_role = replica")
        connection.execute(statements.encode())
        return read_tables(connection)


def test_no_invariant_breaks_when_all_is_right(story: Story) -> None:
    tables = after(story.pricing.connection, "select")

    assert broken(tables, story.evidence) == set()
    kinds = {attempt["error_kind"] for attempt in tables.attempts}
    assert kinds == {None, "worker_lost", "not_json", "stopped"}
    assert {job["outcome"] for job in tables.jobs} == {"success", "failed"}
    assert len(tables.history) > 20


_LAST_HISTORY = "(select max(id) from model_pricing_history)"
_A_CHAIN = """
    select h.model_id from model_pricing_history h group by h.model_id having count(*) >= 3 limit 1
"""
_SECOND_OF_CHAIN = f"""
    (select id from model_pricing_history h
    where model_id = ({_A_CHAIN}) order by changed_at, id offset 1 limit 1)
"""
_LAST_JOB = "(select job_id from pricing_sync_jobs order by triggered_at desc limit 1)"
_LAST_LOG = "(select max(id) from pricing_sync_log)"
_LAST_QUEUE = "(select max(id) from procrastinate.procrastinate_jobs)"

MUTATIONS = {
    "a job is open": (
        "each_job_ended_once",
        "update pricing_sync_jobs set status = 'running', outcome = null"
        f" where job_id = {_LAST_JOB}",
    ),
    "a job ended twice": (
        "each_job_ended_once",
        "insert into chaos.status_changes (relation, key, old_status, new_status)"
        f" values ('pricing_sync_jobs', {_LAST_JOB}, 'completed', 'failed')",
    ),
    "a job was opened again by nobody": (
        "each_job_ended_once",
        "insert into chaos.status_changes (relation, key, old_status, new_status) values"
        f" ('pricing_sync_jobs', {_LAST_JOB}, 'completed', 'running'),"
        f" ('pricing_sync_jobs', {_LAST_JOB}, 'running', 'completed')",
    ),
    "a counter is wrong": (
        "counters_equal_the_log",
        "update pricing_sync_jobs set models_updated = models_updated + 1"
        f" where job_id = {_LAST_JOB}",
    ),
    "a failed provider counts as success": (
        "counters_equal_the_log",
        f"update pricing_sync_log set status = 'failed', applied_at = null where id = {_LAST_LOG}",
    ),
    "an outcome is another one's": (
        "counters_equal_the_log",
        f"update pricing_sync_jobs set outcome = 'partial' where job_id = {_LAST_JOB}",
    ),
    "two attempts overlap": (
        "no_two_attempts_overlap",
        f"update pricing_sync_log set sync_started_at = sync_started_at - interval '1 hour'"
        f" where id = {_LAST_LOG}",
    ),
    "a lost attempt applied": (
        "no_two_attempts_overlap",
        "update pricing_sync_log set applied_at = sync_completed_at"
        " where error_kind = 'worker_lost'",
    ),
    "an attempt ended twice": (
        "an_ended_attempt_stays_ended",
        "insert into chaos.status_changes (relation, key, old_status, new_status)"
        " values ('pricing_sync_log', '1', 'failed', 'success')",
    ),
    "queue and log end differently": (
        "queue_and_log_agree",
        f"update procrastinate.procrastinate_jobs set status = 'failed' where id = {_LAST_QUEUE}",
    ),
    "an attempt is missing": (
        "queue_and_log_agree",
        "delete from pricing_sync_log where error_kind = 'worker_lost'",
    ),
    "a queue row is missing": (
        "queue_and_log_agree",
        f"delete from procrastinate.procrastinate_jobs where id = {_LAST_QUEUE}",
    ),
    "a history row is missing": (
        "history_is_a_chain",
        f"delete from model_pricing_history where id = {_SECOND_OF_CHAIN}",
    ),
    "a history row names another previous price": (
        "history_is_a_chain",
        f"update model_pricing_history set previous_input_price = 1 where id = {_SECOND_OF_CHAIN}",
    ),
    "a first price has a previous one": (
        "history_is_a_chain",
        "update model_pricing_history set previous_output_price = 1"
        " where id = (select min(id) from model_pricing_history)",
    ),
    "a price changed without history": (
        "history_is_a_chain",
        "update model_pricing set price_per_output_token = 1"
        " where id = (select min(id) from model_pricing)",
    ),
    "a history row is doubled": (
        "history_follows_the_lists",
        "insert into model_pricing_history (model_id, provider_slug, price_per_input_token,"
        " price_per_output_token, previous_input_price, previous_output_price, changed_at,"
        " changed_by, job_id, pricing_source)"
        " select model_id, provider_slug, price_per_input_token, price_per_output_token,"
        " previous_input_price, previous_output_price, changed_at, changed_by, job_id,"
        f" pricing_source from model_pricing_history where id = {_LAST_HISTORY}",
    ),
    "a chain lacks its end": (
        "history_follows_the_lists",
        f"""
        with gone as (
            delete from model_pricing_history where id = {_LAST_HISTORY} returning *
        )
        update model_pricing m
        set price_per_input_token = gone.previous_input_price,
            price_per_output_token = gone.previous_output_price
        from gone where m.id = gone.model_id
        """,
    ),
    "nobody's history row": (
        "history_follows_the_lists",
        "insert into model_pricing_history (model_id, provider_slug, changed_by, pricing_source)"
        " select id, provider_slug, 'api_sync:openrouter', 'api:openrouter' from model_pricing"
        " order by id limit 1",
    ),
    "a model is missing": (
        "prices_equal_the_last_list",
        "delete from model_pricing where id = (select max(id) from model_pricing)",
    ),
    "a model is active no more": (
        "prices_equal_the_last_list",
        "update model_pricing set is_active = not is_active"
        " where id = (select max(id) from model_pricing)",
    ),
    "a lock is held": (
        "nothing_is_left_open",
        f"update procrastinate.procrastinate_jobs set status = 'doing' where id = {_LAST_QUEUE}",
    ),
    "an attempt is in progress": (
        "nothing_is_left_open",
        f"update pricing_sync_log set status = 'in_progress' where id = {_LAST_LOG}",
    ),
    "a queue row names its worker": (
        "nothing_is_left_open",
        f"update procrastinate.procrastinate_jobs set worker_id = 1 where id = {_LAST_QUEUE}",
    ),
    "a slot is taken twice": (
        "each_slot_is_taken_once",
        "insert into pricing_sync_jobs (triggered_by, providers)"
        " values ('schedule', '{openrouter}'), ('schedule', '{openrouter}')",
    ),
    "a slot is forgotten": (
        "each_slot_is_taken_once",
        "update pricing_providers set next_sync_at = now() where slug = 'openrouter';"
        " update pricing_settings set scheduler_enabled = true",
    ),
    "an acknowledged job is gone": (
        "every_trigger_is_accounted_for",
        f"delete from pricing_sync_jobs where job_id = {_LAST_JOB}",
    ),
    "a key is another job's": (
        "every_trigger_is_accounted_for",
        f"update pricing_idempotency_keys set job_id = {_LAST_JOB}",
    ),
    "a trigger has two jobs": (
        "every_trigger_is_accounted_for",
        "insert into pricing_sync_jobs (triggered_by) values ('trigger 2')",
    ),
    "a job that nobody asked for": (
        "every_trigger_is_accounted_for",
        "insert into pricing_sync_jobs (triggered_by) values ('nobody')",
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_an_invariant_breaks_when_the_tables_are_wrong(story: Story, mutation: str) -> None:
    invariant, statements = MUTATIONS[mutation]

    assert invariant in broken(after(story.pricing.connection, statements), story.evidence)


def served_by_nobody(evidence: Evidence) -> Evidence:
    """The last attempt applied a list that was fetched before it began, as a late worker would."""
    early = replace(evidence.served[-1], asked_at=evidence.served[-1].asked_at - 3600)
    return replace(evidence, served=[*evidence.served[:-1], early])


def served_once_more(evidence: Evidence) -> Evidence:
    later = replace(evidence.served[-1], number=evidence.served[-1].number + 1)
    return replace(evidence, served=[*evidence.served, later])


def one_key_two_jobs(evidence: Evidence) -> Evidence:
    keyed = next(t for t in evidence.triggers if t.key == KEY)
    twice = replace(keyed, acknowledged=[*keyed.acknowledged, evidence.triggers[0].acknowledged[0]])
    return replace(evidence, triggers=[*evidence.triggers, twice])


def lost(evidence: Evidence) -> Evidence:
    gone = Trigger("lost", "http", ["openrouter"], acknowledged=[str(uuid4())])
    return replace(evidence, triggers=[*evidence.triggers, gone])


@pytest.mark.parametrize(
    ("invariant", "change"),
    [
        ("each_success_applied_what_it_fetched", served_by_nobody),
        ("prices_equal_the_last_list", served_once_more),
        ("every_trigger_is_accounted_for", one_key_two_jobs),
        ("every_trigger_is_accounted_for", lost),
    ],
)
def test_an_invariant_breaks_when_the_outside_says_otherwise(
    story: Story, invariant: str, change: Callable[[Evidence], Evidence]
) -> None:
    tables = after(story.pricing.connection, "select")

    assert broken(tables, change(story.evidence)) == {invariant}


def test_every_invariant_has_been_broken_here() -> None:
    tried = {invariant for invariant, _ in MUTATIONS.values()}
    tried.add("each_success_applied_what_it_fetched")

    assert tried == {invariant.__name__ for invariant in INVARIANTS}
