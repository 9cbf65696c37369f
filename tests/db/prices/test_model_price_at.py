"""The price in force at a moment, from history alone."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.db.price_decisions import (
    call,
    charged,
    held,
    listed,
    model_id,
    override,
    prices,
    said,
)
from tests.db.pricing import Pricing, Row, refused

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def price_at(pricing: Pricing, at: object, model: str = "m") -> Row | None:
    rows = call(pricing, "model_price_at", provider="openrouter", model=model, at=at)
    assert len(rows) < 2
    return rows[0] if rows else None


def test_from_the_instant_of_a_change_on(pricing: Pricing) -> None:
    listed(pricing, "vendor/m")
    second = NEW_YEAR + timedelta(days=1)
    said(pricing, {"vendor/m": prices(1, 2)}, at=NEW_YEAR)
    job_id = said(pricing, {"vendor/m": prices("0.5", None, price_per_image="0.04")}, at=second)

    instant = timedelta(microseconds=1)
    assert price_at(pricing, NEW_YEAR - instant, "vendor/m") is None
    for moment in (NEW_YEAR, second - instant):
        row = price_at(pricing, moment, "vendor/m")
        assert row is not None
        assert (row["input_per_1m"], row["output_per_1m"]) == (1, 2)
    row = price_at(pricing, second, "vendor/m")
    assert row is not None
    assert (str(row["input_per_1m"]), row["output_per_1m"]) == ("0.5", None)
    assert row["price_per_image"] == Decimal("0.04")
    assert (row["changed_at"], row["changed_by"]) == (second, "api_sync:openrouter")
    assert (row["job_id"], row["source"]) == (job_id, "api:openrouter")
    assert row["history_id"] == pricing.history("vendor/m")[-1]["id"]


def test_now_is_the_default(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    (row,) = call(pricing, "model_price_at", provider="openrouter", model="m")
    assert row["input_per_1m"] == 1


def test_a_model_that_never_had_a_price(pricing: Pricing) -> None:
    listed(pricing, "m")
    assert price_at(pricing, "now") is None


def test_it_needs_history_alone(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    pricing.maintain("update public.model_pricing set price_per_input_token = 99")
    row = price_at(pricing, "now")
    assert row is not None
    assert row["input_per_1m"] == 1


def test_a_clock_that_was_set_back_brings_no_old_price_back(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)}, at=NEW_YEAR + timedelta(seconds=5))
    said(pricing, {"m": prices(3, 2)}, at=NEW_YEAR + timedelta(seconds=2))
    for seconds in (2, 5, 3600):
        row = price_at(pricing, NEW_YEAR + timedelta(seconds=seconds))
        assert row is not None
        assert row["input_per_1m"] == 3


@pytest.mark.parametrize(
    ("provider", "model"), [("openrouter", "M"), ("openrouter", None), (None, "m"), ("x", "m")]
)
def test_an_unknown_model(pricing: Pricing, provider: str | None, model: str | None) -> None:
    said(pricing, {"m": prices(1, 2)})
    with refused("PT404"):
        call(pricing, "model_price_at", provider=provider, model=model)


def test_no_time(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    with refused("PT422"):
        call(pricing, "model_price_at", provider="openrouter", model="m", at=None)


# Random histories, checked at every moment.


class Life:
    """Random events of one model, and the price charged after each."""

    def __init__(self, pricing: Pricing, seed: int) -> None:
        self.pricing = pricing
        self.chance = random.Random(seed)
        self.jobs: list[object] = []
        self.charged: list[tuple[datetime, Row]] = []

    def some_prices(self) -> Row:
        chance = self.chance
        found = prices(
            chance.choice([None, 0, 1, "0.25", 300]), chance.choice([None, 0, 2, "0.5", 600])
        )
        if chance.random() < 0.3:
            found["price_per_image"] = "0.04"
        if chance.random() < 0.3:
            found["conditions"] = [
                {"min_prompt_tokens": chance.choice([1000, 2000]), **prices(chance.choice([3, 4]))}
            ]
        return found

    def sync(self) -> None:
        self.jobs.append(said(self.pricing, {"m": self.some_prices()}))

    def override(self) -> None:
        named: dict[str, Any] = {
            name: self.chance.choice([0, 5, 6])
            for name in ("input_per_1m", "output_per_1m")
            if self.chance.random() < 0.7
        }
        override(self.pricing, **(named or {"prices": {"per_image": "0.05"}}))

    def clear(self) -> None:
        call(self.pricing, "clear_price_override", provider="openrouter", model="m")

    def expire(self) -> None:
        self.pricing.do("update public.pricing_overrides set expires_at = now()")
        self.pricing.rows("select public.end_expired_overrides()")

    def hold(self) -> None:
        self.pricing.do(
            "update public.pricing_held_changes set status = 'superseded', still_said = false,"
            " decided_at = now() where status = 'held'"
        )
        held(self.pricing, "m", self.some_prices())

    def approve(self) -> None:
        for row in self.pricing.rows("select id from public.pricing_held"):
            call(self.pricing, "approve_held_price_change", id=row["id"])

    def roll_back(self) -> None:
        call(
            self.pricing,
            "rollback_pricing_sync",
            job_id=self.chance.choice(self.jobs[-3:]),
            dry_run=False,
        )

    def happen(self) -> None:
        acts = [self.sync, self.sync, self.override, self.clear, self.expire]
        act = self.chance.choice([*acts, self.hold, self.approve, self.roll_back])
        try:
            act()
        except psycopg.Error as error:
            assert error.sqlstate == "PT409", (act, error)
        now: datetime = self.pricing.value("select clock_timestamp()")
        self.charged.append((now, charged(self.pricing)))


@pytest.mark.parametrize("seed", range(6))
def test_it_is_what_was_charged_at_every_moment(pricing: Pricing, seed: int) -> None:
    listed(pricing, "m")
    life = Life(pricing, seed)
    life.charged.append((pricing.value("select clock_timestamp()"), charged(pricing)))
    life.sync()
    for _ in range(60):
        life.happen()
    assert len({str(sorted(it.items())) for _, it in life.charged}) > 10, "too quiet a life"

    held_changes = "update public.model_pricing set price_per_input_token = null where id = %s"
    pricing.maintain(held_changes, model_id(pricing, "m"))
    for moment, then in life.charged:
        row = price_at(pricing, moment)
        found: Row = {}
        if row is not None:
            found = pricing.value(
                "select public.pricing_price_set(to_jsonb(h)) from public.model_pricing_history h"
                " where id = %s",
                row["history_id"],
            )
        assert differ(pricing, found, then) is False, (moment, found, then)
        if row is not None:
            assert row["price_per_input_token"] == number(then.get("price_per_input_token"))
            assert row["price_per_output_token"] == number(then.get("price_per_output_token"))


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def differ(pricing: Pricing, one: Row, other: Row) -> bool:
    found: bool = pricing.value(
        "select public.pricing_sets_differ(%s, %s)", Jsonb(one), Jsonb(other)
    )
    return found
