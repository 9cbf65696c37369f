"""Asks every question of docs/sql.md, and compares the answers with a database that is known."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.db.pricing import Pricing, price
from tests.docs.blocks import blocks
from tests.docs.cookbook import (
    COOKBOOK,
    MODEL,
    asking,
    by_hand,
    prepare,
    questions,
    silent,
)
from tests.docs.runbook import sections

LISTED = "select model from model_prices where provider = 'openrouter'"
SECTIONS = (
    "Prices",
    "One model, several providers",
    "History",
    "Bills",
    "Review",
    "Prices by hand",
    "Doubts",
    "Syncs",
    "Who did it",
)


@pytest.fixture
def pricing(connection: psycopg.Connection[DictRow]) -> Pricing:
    prepared = Pricing(connection)
    prepare(prepared)
    return prepared


def test_every_statement_is_in_a_section_that_is_asked() -> None:
    """Each test below asks all of its section."""
    asked = [sql for section in SECTIONS for sql in questions(section).values()]

    assert asked == [block.text for block in blocks(COOKBOOK)]
    assert [each for each in sections(COOKBOOK) if each != "SQL"] == list(SECTIONS)
    words = [text for section in SECTIONS for text in questions(section)]
    assert len([each for each in words if "?" in each]) >= 30


def test_prices(pricing: Pricing) -> None:
    silent(pricing)
    with asking(pricing, "Prices") as asked:
        now = asked.tuples("What does it cost now?", "provider", "input_per_1m", "price_state")
        assert ("openrouter", 3, "priced") in now
        assert asked.tuples(
            "What does it cost in a long prompt",
            "min_prompt_tokens",
            "service_tier",
            "input_per_1m",
        ) == [(200_000, None, 6), (None, "batch", Decimal("1.5"))]
        batch = asked.row("Which models are cheaper in a batch")
        assert (batch["model"], batch["percent_off"]) == (MODEL, 50)
        cached = asked.row("What do tokens from the cache cost")
        assert (cached["model"], cached["percent_of_input"]) == (MODEL, 50)
        assert asked.tuples("Which models are free?", "model") == [("free",)]
        assert asked.rows("What is unknown?") == [{"provider": "openrouter", "count": 1}]
        stale = asked.rows("Which prices are stale")
        assert ("deepinfra", MODEL) in {(row["provider"], row["model"]) for row in stale}
        assert "openrouter" not in {row["provider"] for row in stale}
        assert (MODEL,) in asked.tuples("Which models are new this week?", "model")
        vanished = asked.row("Which models have vanished?")
        assert (vanished["model"], vanished["is_active"]) == ("gone", False)


def test_one_model_at_several_providers(pricing: Pricing) -> None:
    with asking(pricing, "One model, several providers") as asked:
        assert asked.tuples("Where is a model cheapest?", "provider", "input_per_1m") == [
            ("novita", 2),
            ("deepinfra", Decimal("2.8")),
            ("openrouter", 3),
        ]
        # Long prompts cost 6 per million at openrouter, and cached tokens a quarter of that.
        costs = asked.rows("Where is it cheapest for our requests?")
        assert {row["provider"]: row["cost"] for row in costs}["openrouter"] == Decimal("1.362")
        spread = asked.row("How far apart are the providers' prices")
        assert (spread["model"], spread["offers"], spread["times"]) == (MODEL, 3, Decimal("1.50"))
        assert asked.tuples("Which provider is the cheapest", "model", "provider") == [
            (MODEL, "novita")
        ]
        aliases, (alias,), (cleared,) = asked.all("Under which other ids")
        assert [(row["model_id"], row["canonical_id"]) for row in aliases] == [
            ("gpt-4o-copy", MODEL)
        ]
        assert alias == cleared
        assert tuple(alias.values()) == (MODEL, "gpt-4o", "manual:postgres")


def test_history(pricing: Pricing) -> None:
    with asking(pricing, "History") as asked:
        history = asked.rows("How did the price come about?")
        inputs = [row for row in history if row["price"] == "input_per_1m" and not row["condition"]]
        assert [row["before"] for row in inputs] == [Decimal("2.5"), None]
        day = asked.rows("What changed in the last day")
        moved = {(row["price"], row["after"]) for row in day if row["provider"] == "openrouter"}
        assert moved == {("input_per_1m", 3), ("output_per_1m", 12)}
        customer = asked.rows("What changed for one customer's models?")
        assert {row["model"] for row in customer} == {MODEL, "gpt-4o-copy"}
        assert any(row["condition"] for row in customer)
        assert asked.tuples("What did one sync change?", "model", "price", "after") == [
            ("d", "input_per_1m", 1),
            ("d", "output_per_1m", 2),
        ]
        largest = asked.rows("Which were the largest moves of the week?")
        largest = [row for row in largest if row["model"] != "monthly"]
        assert {(row["before"], row["after"]) for row in largest} == {
            (Decimal("2.5"), 3),
            (10, 12),
        }
        often = asked.rows("Which models change their prices most often?")
        assert MODEL in {row["model"] for row in often if row["changes"] == 2}
        assert [row["changes"] for row in often][-1] == 1
        months = asked.rows("What did it cost on average, month by month?")
        # 1 and 3, for half of the month each.
        assert [row["input_per_1m"] for row in months] == [1, 2, 3]
        before = asked.row("What did it cost at some moment?")
        assert before["input_per_1m"] == 3
        provider = {
            row["model"]: row
            for row in asked.rows("What did every model of a provider cost on a date?")
        }
        assert provider[MODEL]["input_per_1m"] is None, "it is younger"
        assert provider["monthly"]["input_per_1m"] is not None
        announced = asked.row("Which prices change at a known time?")
        assert (announced["model"], announced["before"], announced["after"]) == (
            "soon",
            1,
            Decimal("0.5"),
        )
        month = asked.row("What will it cost next month")
        assert (month["now"], month["next_month"]) == (1, Decimal("0.5"))


def test_bills(pricing: Pricing) -> None:
    with asking(pricing, "Bills") as asked:
        request = asked.row("What does one request cost")
        assert (request["cost"], len(request["lines"])) == (Decimal("0.0072"), 2)
        # A million tokens are more than the 200,000 from which on one costs 6 per million.
        assert asked.tuples("What does each customer's usage cost", *("customer", "cost")) == [
            ("acme", 18),
            ("initech", None),
        ]
        without = asked.row("Which usage has no price")
        assert (without["model"], bool(without["reason"])) == ("odd", True)
        assert asked.tuples("Which usage names a model that is in no list?", "model") == [
            ("openai/GPT-4o",)
        ]
        then = asked.row("What would past usage cost by the prices of today?")
        assert tuple(then.values()) == (6, 6)


def test_review(pricing: Pricing) -> None:
    with asking(pricing, "Review") as asked:
        assert asked.tuples("Suspicious changes are held", "provider", "held") == [("novita", 3)]
        assert asked.tuples("What is held, the largest first", "id", "model") == [
            (19, "c"),
            (17, "a"),
            (18, "b"),
        ]
        waits = asked.rows("What has waited longest")
        assert [row["id"] for row in waits] == [17, 18, 19]
        assert all(row["waits"].days > 30 and row["applies_at"] is None for row in waits)
        why = asked.row("Why? The numbers")
        assert all("price_per_input_token" in text or "USD" in text for text in why.values())
        assert asked.row("What would it change?")["models"] == 2
        (approved,), (rejected,) = asked.all("Approve one, reject one")
        assert (approved["status"], rejected["status"]) == ("approved", "rejected")
        listed, (reopened,) = asked.all("Rejected ones that are still listed")
        assert ([row["id"] for row in listed], reopened["status"]) == ([18], "held")
        bulk = asked.rows("Approve all that one sync holds")
        assert {(row["id"], row["status"]) for row in bulk} == {(18, "approved"), (19, "approved")}
        (covered,), (rule,), (in_force,) = asked.all("Accept changes beforehand")
        assert covered["covered"] == 5
        assert rule["id"] == in_force["id"] == 3
        assert asked.row("End that rule")["ended_by"] == "postgres"


def test_prices_by_hand(pricing: Pricing) -> None:
    by_hand(pricing)
    with asking(pricing, "Prices by hand") as asked:
        fixed = asked.row("A contract price")
        assert fixed["prices"]["price_per_cache_read_token"] == "0.00000025"
        charged = {row["model"]: row for row in asked.rows("What is charged, beside")}
        assert (charged[MODEL]["input_per_1m"], charged[MODEL]["provider_input_per_1m"]) == (2, 3)
        until = asked.rows("Which prices are set by hand, and until when?")
        assert [(row["model"], row["expires_at"] is None) for row in until] == [
            (MODEL, False),
            ("monthly", True),
        ]
        dearer = asked.row("Where is the provider cheaper now")
        assert (dearer["model"], dearer["provider_input_per_1m"]) == ("monthly", 3)
        assert asked.row("Back to the provider's price")["prices"] == fixed["prices"]
        shown, done = asked.all("Roll back what one sync changed")
        assert shown == done
        assert (done[0]["model"], done[0]["action"]) == ("d", "roll_back")


def test_doubts(pricing: Pricing) -> None:
    with asking(pricing, "Doubts") as asked:
        drift = asked.row("Where do a provider's number and the catalogue's")
        assert (drift["model"], drift["price"], drift["ratio"]) == (
            "a",
            "input_per_1m",
            Decimal("0.333"),
        )
        unpriced = asked.rows("Which models have no price at all")
        assert {(row["provider"], row["why"], row["for_example"]) for row in unpriced} == {
            ("openrouter", "said unknown", "odd")
        }
        assert asked.rows("Of which models does a list say something") == [], "every key is read"


def test_syncs(pricing: Pricing) -> None:
    silent(pricing)
    with asking(pricing, "Syncs") as asked:
        (triggered,), (progress,) = asked.all("Trigger one, and see how far it is")
        assert (triggered["status"], progress["progress_percent"]) == ("queued", 0)
        (dry,), _ = asked.all("What would it change? A dry run")
        keyed = asked.row("Safe to repeat")
        joined = asked.row("Join a job that still waits")
        assert joined["job_id"] == triggered["job_id"]
        assert len({triggered["job_id"], dry["job_id"], keyed["job_id"]}) == 3
        failure = asked.row("Why did a sync fail?")
        assert (failure["provider"], failure["error_kind"]) == ("novita", "http_status")
        assert "503" in failure["error_message"]
        open_jobs = asked.rows("What runs, and what waits?")
        assert {row["job_id"] for row in open_jobs} == {
            each["job_id"] for each in (triggered, dry, keyed)
        }
        attempt = pricing.fetch()
        assert attempt is not None
        running = [row for row in asked.rows("Which workers live") if row["running"]]
        assert [row["is_alive"] for row in running] == [True]
        fresh = {row["provider"]: row for row in asked.rows("How fresh is each provider?")}
        assert fresh["openrouter"]["is_fresh"]
        assert not fresh["deepinfra"]["is_fresh"]
        assert ("deepinfra",) in asked.tuples("Which provider is silent", "provider")
        assert ("together",) in asked.tuples("Which provider lacks its key?", "slug")
        (hourly,), (disabled,) = asked.all("Sync a provider more often")
        assert hourly["sync_interval"] == timedelta(hours=1)
        assert disabled["state"] == "disabled"
        took = asked.row("How long do syncs take?")
        assert (took["provider"], took["syncs"]) == ("openrouter", 2)
        assert 0 <= took["p50_ms"] <= took["p95_ms"]
        assert asked.tuples("What share of the syncs of a week", "provider", "percent") == [
            ("novita", 0),
            ("openrouter", 100),
        ]


def test_who_did_it(pricing: Pricing) -> None:
    pricing.do("update pricing_providers set sync_interval = '1 hour' where slug = 'novita'")
    pricing.rows("select clear_model_alias('novita', 'gpt-4o-copy', author => 'ops')")
    with asking(pricing, "Who did it") as asked:
        decisions = asked.rows("Who decided what?")
        assert decisions[0]["action"] == "clear_model_alias"
        assert decisions[0]["who"] == "ops"
        (own,) = asked.rows("What did one person or key do?")
        assert own["action"] == "clear_model_alias"
        settings = asked.rows("Who changed a provider's settings")
        assert settings[0]["who"] == "postgres"
        assert "sync_interval" in settings[0]["details"]
        assert asked.rows("`who` is what the caller said.") == [], "each used its own name"


def test_a_dry_run_shows_its_differences(pricing: Pricing) -> None:
    dry = [sql for text, sql in questions("Syncs").items() if "dry run" in text.lower()]
    trigger, look = dry[0].split(";\n")[:2]
    pricing.rows(trigger)
    attempt = pricing.fetch()
    assert attempt is not None
    before = pricing.rows("select * from model_pricing order by id")
    models = [row["model"] for row in pricing.rows(LISTED)]
    pricing.apply(attempt, [price(model, "0.000004", "0.000012") for model in models])
    (found,) = pricing.rows(look)
    assert found["provider"] == "openrouter"
    assert found["differences_total"] > 0
    assert pricing.rows("select * from model_pricing order by id") == before
