"""Every statement of docs/sql.md, on a database with a few prices."""

from __future__ import annotations

from decimal import Decimal

import psycopg
from psycopg.rows import DictRow

from tests.db.clock import time_passes
from tests.db.pricing import Pricing, Row, price
from tests.docs.blocks import blocks
from tests.docs.runbook import statements

MODEL = "openai/gpt-4o"


def test_the_cookbook(connection: psycopg.Connection[DictRow]) -> None:
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price(MODEL, "0.0000025", "0.00001"), price("odd", None, None)])
    time_passes(pricing, "2 hours")
    pricing.do("update model_pricing_history set changed_at = changed_at - interval '2 hours'")
    pricing.sync("openrouter", [price(MODEL, "0.000003", "0.000012"), price("odd", None, None)])
    written = blocks("docs/sql.md")
    assert all(block.language == "sql" for block in written)
    answers = iter([ask(pricing, block.text) for block in written])

    ((now,),) = next(answers)
    assert (now["input_per_1m"], now["price_state"]) == (3, "priced")
    ((cheapest,),) = next(answers)
    assert cheapest["provider"] == "openrouter"
    ((request,),) = next(answers)
    assert request["usd"] == Decimal("0.0072")
    assert next(answers) == [[{"provider": "openrouter", "count": 1}]]

    (history,) = next(answers)
    assert [change["previous_input_per_1m"] for change in history] == [Decimal("2.5"), None]
    (day,) = next(answers)
    assert len(day) == 2
    ((before,),) = next(answers)
    assert before["input_per_1m"] == Decimal("2.5")

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
    (block,) = [block for block in blocks("docs/sql.md") if "dry_run" in block.text]
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
