"""Runs every statement of docs/sql.md on a database with a few prices."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tests.db.clock import time_passes
from tests.db.price_decisions import held, prices, said
from tests.db.pricing import Pricing, Row, price
from tests.docs.blocks import blocks
from tests.docs.runbook import statements

MODEL = "openai/gpt-4o"
JOBS = [UUID(f"5f0c0ffe-0000-4000-8000-0000000000{number}") for number in (17, 18)]


def waits(pricing: Pricing) -> None:
    """Make the document's held changes, under its ids."""
    for job_id in JOBS:
        pricing.do(
            "insert into pricing_sync_jobs (job_id, status, outcome, triggered_by, completed_at)"
            " values (%s, 'completed', 'success', 'test', now())",
            job_id,
        )
    said(pricing, {"a": prices(1, 2), "b": prices(1, 2), "c": prices(1, 2)}, provider="novita")
    said(pricing, {"d": prices(1, 2)}, provider="novita", job_id=JOBS[1])
    pricing.do("select setval(pg_get_serial_sequence('pricing_held_changes', 'id'), 17, false)")
    for model, ratio in (("a", 300), ("b", 100), ("c", 500)):
        held(
            pricing, model, prices(ratio, 2), provider="novita", job_id=JOBS[0], ratio=ratio,
            evidence=Jsonb([{"axis": "price_per_input_token"}]),
        )  # fmt: skip
    pricing.do("select setval(pg_get_serial_sequence('pricing_change_rules', 'id'), 3, false)")
    pricing.do(
        "insert into pricing_catalogue_prices (provider_slug, model_id, prices, version)"
        " values ('novita', 'a', %s, 'genai-prices@0.2.3')",
        Jsonb(prices(3, 2)),
    )


def test_the_cookbook(connection: psycopg.Connection[DictRow]) -> None:
    pricing = Pricing(connection)
    tiers = [{"min_prompt_tokens": 200_000, "price_per_input_token": "0.000006"}]
    cheaper = price(MODEL, "0.0000025", "0.00001", conditions=tiers)
    pricing.sync("openrouter", [cheaper, price("odd", None, None)])
    time_passes(pricing, "2 hours")
    pricing.do("set session_replication_role = replica")
    pricing.do("update model_pricing_history set changed_at = changed_at - interval '2 hours'")
    pricing.do("reset session_replication_role")
    dearer = price(MODEL, "0.000003", "0.000012", conditions=tiers)
    pricing.sync("openrouter", [dearer, price("odd", None, None)])
    waits(pricing)
    written = blocks("docs/sql.md")
    assert all(block.language == "sql" for block in written)
    answers = iter([ask(pricing, block.text) for block in written])

    ((now,),) = next(answers)
    assert (now["input_per_1m"], now["price_state"]) == (3, "priced")
    ((cheapest,),) = next(answers)
    assert cheapest["provider"] == "openrouter"
    ((request,),) = next(answers)
    assert (request["cost"], len(request["lines"])) == (Decimal("0.0072"), 2)
    assert next(answers) == [[{"provider": "openrouter", "count": 1}]]

    (history,) = next(answers)
    inputs = [
        change
        for change in history
        if change["price"] == "input_per_1m" and change["condition"] is None
    ]
    assert [change["before"] for change in inputs] == [Decimal("2.5"), None]
    (day,) = next(answers)
    assert {change["model"] for change in day if change["provider"] == "openrouter"} == {MODEL}
    assert any(change["condition"] for change in day)
    ((before,),) = next(answers)
    assert before["input_per_1m"] == Decimal("2.5")
    assert next(answers) == [[]]

    (waiting,) = next(answers)
    assert [(row["provider"], row["held"]) for row in waiting] == [("novita", 3)]
    (review,) = next(answers)
    assert [(change["id"], change["model"]) for change in review] == [
        (19, "c"),
        (17, "a"),
        (18, "b"),
    ]
    ((why,),) = next(answers)
    assert all("price_per_input_token" in text or "USD" in text for text in why.values())
    ((impact,),) = next(answers)
    assert impact["models"] == 2
    (approved,), (rejected,) = next(answers)
    assert (approved["status"], rejected["status"]) == ("approved", "rejected")
    listed, (reopened,) = next(answers)
    assert ([row["id"] for row in listed], reopened["status"]) == ([18], "held")
    (bulk,) = next(answers)
    assert {(row["id"], row["status"]) for row in bulk} == {(18, "approved"), (19, "approved")}
    (covered,), (rule,), (in_force,) = next(answers)
    assert covered["covered"] == 4
    assert rule["id"] == in_force["id"] == 3
    ((ended,),) = next(answers)
    assert ended["ended_by"] == "postgres"

    ((fixed,),) = next(answers)
    assert fixed["prices"]["price_per_cache_read_token"] == "0.00000025"
    ((overridden,),) = next(answers)
    assert (overridden["input_per_1m"], overridden["provider_input_per_1m"]) == (2, 3)
    ((cleared,),) = next(answers)
    assert cleared["prices"] == fixed["prices"]
    shown, done = next(answers)
    assert shown == done
    assert (done[0]["model"], done[0]["action"]) == ("d", "roll_back")
    (decisions,) = next(answers)
    actions = [decision["action"] for decision in decisions]
    # Leave out the decisions that set up this test's providers.
    assert [each for each in actions if each != "change_provider"] == [
        "rollback_pricing_sync",
        "clear_price_override",
        "set_price_override",
        "end_price_change_rule",
        "accept_price_changes",
        "approve_held_price_changes",
        "reopen_held_price_change",
        "reject_held_price_change",
        "approve_held_price_change",
    ]

    assert next(answers) == [[]], "nobody used a name that is not theirs"
    ((condition,),) = next(answers)
    assert (condition["min_prompt_tokens"], condition["input_per_1m"]) == (200_000, 6)
    (drift,) = next(answers)
    assert [(row["model"], row["price"], row["ratio"]) for row in drift] == [
        ("a", "input_per_1m", 100)
    ]
    (aliases, (alias,), (cleared,)) = next(answers)
    assert (aliases, alias) == ([], cleared)
    assert tuple(alias.values()) == (MODEL, "gpt-4o", "manual:postgres")
    (unpriced,) = next(answers)
    assert {(row["provider"], row["why"], row["for_example"]) for row in unpriced} == {
        ("openrouter", "said unknown", "odd"),
        ("novita", "held", "d"),
    }
    assert next(answers) == [[]], "every key is read"

    (triggered,), (progress,) = next(answers)
    assert (triggered["status"], progress["progress_percent"]) == ("queued", 0)
    (dry,), _ = next(answers)
    ((keyed,),) = next(answers)
    ((joined,),) = next(answers)
    assert joined["job_id"] == triggered["job_id"]
    assert len({triggered["job_id"], dry["job_id"], keyed["job_id"]}) == 3
    (fresh,) = next(answers)
    assert [provider["slug"] for provider in fresh][-1] == "openrouter"
    assert next(answers, None) is None


def test_a_dry_run_shows_its_differences(connection: psycopg.Connection[DictRow]) -> None:
    pricing = Pricing(connection)
    (block,) = [
        block
        for block in blocks("docs/sql.md")
        if "dry_run =>" in block.text and "trigger" in block.text
    ]
    trigger, look = statements(block.text)
    pricing.rows(trigger)
    attempt = pricing.fetch()
    assert attempt is not None
    pricing.apply(attempt, [price(MODEL)])
    (found,) = pricing.rows(look)
    assert (found["provider"], found["differences_total"]) == ("openrouter", 1)
    assert pricing.rows("select from model_pricing") == []


def ask(pricing: Pricing, text: str) -> list[list[Row]]:
    return [pricing.rows(statement) for statement in statements(text)]
