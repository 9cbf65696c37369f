"""Announced prices: they bill from their moment on, and a tick brings the row up to date."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.db.price_decisions import INPUT, OUTPUT, call, charged, course, override, prices, said
from tests.db.prices.requests import random_set, random_time, random_usage
from tests.db.prices.test_price_request import cost
from tests.db.pricing import Pricing, Row, price

PAST = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, SECOND = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
MILLION = {"input_tokens": 1_000_000}
INSTANT = timedelta(microseconds=1)


def announce(at: datetime, **more: str | None) -> Row:
    return {"effective_from": f"{at:%Y-%m-%dT%H:%M:%SZ}"} | more


def tick(pricing: Pricing) -> None:
    pricing.rows("select public.tick_pricing_schedule('worker')")


def test_a_late_tick_bills_the_same(pricing: Pricing) -> None:
    conditions = [announce(FIRST, **prices(3, 4)), announce(SECOND, **prices(5, None))]
    said(pricing, {"m": prices(1, 2, conditions=conditions)}, at=PAST)
    moments = (PAST, FIRST - INSTANT, FIRST, SECOND - INSTANT, SECOND)
    before = [cost(pricing, MILLION, at) for at in moments]
    assert before == [1, 1, 3, 3, 5]

    pricing.listen("pricing_changed")
    tick(pricing)
    assert charged(pricing) == prices(5, 4)
    assert [cost(pricing, MILLION, at) for at in moments] == before
    rows = pricing.history("m")
    assert [row["changed_by"] for row in rows[1:]] == ["announced:openrouter"] * 2
    assert [row["effective_at"] for row in rows] == [None, FIRST, SECOND]
    assert all(row["changed_at"] > SECOND for row in rows[1:])
    assert pricing.heard(pricing)
    tick(pricing)
    assert len(pricing.history("m")) == 3
    (row,) = call(pricing, "model_price_at", provider="openrouter", model="m", at=FIRST)
    assert (row["input_per_1m"], row["effective_at"]) == (3, FIRST)
    assert row["changed_by"] == "announced:openrouter"


def test_what_ends_is_in_force_until_then_with_or_without_a_tick(pricing: Pricing) -> None:
    ends = announce(FIRST, **prices(3), effective_until=f"{SECOND:%Y-%m-%dT%H:%M:%SZ}")
    said(pricing, {"m": prices(1, 2, conditions=[ends])}, at=PAST)

    def since() -> list[object]:
        moments = (PAST, FIRST, SECOND - INSTANT, SECOND)
        arguments = {"provider": "openrouter", "model": "m"}
        rows = [call(pricing, "model_price_at", **arguments, at=at)[0] for at in moments]
        return [row["effective_at"] for row in rows]

    assert since() == [PAST, FIRST, FIRST, SECOND]
    tick(pricing)
    assert since() == [PAST, FIRST, FIRST, SECOND]
    assert charged(pricing) == prices(1, 2), "what has ended is not kept"


def test_a_fee_that_becomes_unknown_is_not_free(pricing: Pricing) -> None:
    unknown = announce(FIRST, price_per_image=None, **prices(3))
    conditions = [unknown, announce(SECOND, price_per_image="0.05")]
    said(pricing, {"m": prices(1, 2, price_per_image="0.04", conditions=conditions)}, at=PAST)

    def images() -> list[Decimal | None]:
        return [cost(pricing, {"images": 1}, at) for at in (PAST, FIRST, SECOND)]

    assert images() == [Decimal("0.04"), None, Decimal("0.05")]
    said(pricing, {"n": prices(1, 2, price_per_image="0.04", conditions=[unknown])}, at=PAST)
    tick(pricing)
    assert images() == [Decimal("0.04"), None, Decimal("0.05")]
    assert charged(pricing) == prices(3, 2, price_per_image="0.05")
    assert charged(pricing, "n")["conditions"] == [announce(FIRST, price_per_image=None)]
    assert pricing.rows("select * from public.pricing_announced") == []


def test_a_sync_after_the_moment_finds_the_announced_price(pricing: Pricing) -> None:
    """Also where it comes before the tick: the guards then see no change."""
    said(pricing, {"m": prices(1, 2, conditions=[announce(FIRST, **prices(30, 40))])}, at=PAST)
    pricing.do("update public.pricing_providers set guards_enabled = true")
    counts = pricing.sync("openrouter", [price("m", **{INPUT: "0.00003", OUTPUT: "0.00004"})])
    assert (counts["models_updated"], counts["models_held"]) == (0, 0)
    assert charged(pricing) == prices(30, 40)
    assert pricing.history("m")[-1]["effective_at"] == FIRST


def test_a_list_that_arrives_late_is_read_as_of_now(pricing: Pricing) -> None:
    announced = {INPUT: "0.000003"}
    pricing.sync("openrouter", [price("m", "0.000001", conditions=[announce(FIRST, **announced)])])
    assert charged(pricing)[INPUT] == "0.000003"
    assert "conditions" not in charged(pricing)


def test_a_list_from_before_the_moment_does_not_take_it_back(pricing: Pricing) -> None:
    """Its base price is the old one; the guards would hold the way back from 30 to 1."""
    conditions = [announce(FIRST, **prices(30, 40))]
    said(pricing, {"m": prices(1, 2, conditions=conditions)}, at=PAST)
    tick(pricing)
    pricing.do("update public.pricing_providers set guards_enabled = true")
    late = price("m", **prices(1, 2), conditions=conditions)
    counts = pricing.sync("openrouter", [late])
    assert (counts["models_unchanged"], counts["models_held"]) == (1, 0)
    assert charged(pricing) == prices(30, 40)


def test_what_is_announced_for_all_requests_wins_over_tiers_before_it(pricing: Pricing) -> None:
    tier = {"min_prompt_tokens": 1000, **prices(2, 9)}
    conditions = [tier, announce(FIRST, **prices(3))]
    said(pricing, {"m": prices(1, 2, conditions=conditions)}, at=PAST)
    usage = {"input_tokens": 1_000_000, "output_tokens": 1_000_000}
    assert cost(pricing, usage) == 3 + 9
    tick(pricing)
    assert cost(pricing, usage) == 3 + 9
    assert charged(pricing)["conditions"] == [{"min_prompt_tokens": 1000, **prices(None, 9)}]


def test_an_announcement_is_seen_beforehand_and_may_be_withdrawn(pricing: Pricing) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    ends = {"effective_until": f"{soon:%Y-%m-%dT%H:%M:%SZ}", OUTPUT: "0.000001"}
    now = {"service_tier": "batch", **prices("0.25")}
    batch = announce(soon, service_tier="batch", **prices("0.5"))
    said(pricing, {"m": prices(1, 2, conditions=[now, announce(soon, **prices(3)), batch, ends])})
    rows = pricing.rows("select * from public.pricing_announced order by price, after")
    assert [(r["price"], r["before"], r["after"], r["percent"], r["condition"]) for r in rows] == [
        ("input_per_1m", Decimal("0.25"), Decimal("0.5"), 100, {"service_tier": "batch"}),
        ("input_per_1m", 1, 3, 200, None),
        ("output_per_1m", 1, 2, 100, {"effective_until": ends["effective_until"]}),
    ]
    assert {row["effective_at"] for row in rows} == {soon}
    said(pricing, {"m": prices(1, 2)})
    assert pricing.rows("select * from public.pricing_announced") == []
    assert cost(pricing, MILLION, soon) == 1


def test_each_announcement_is_compared_with_the_one_before_it(pricing: Pricing) -> None:
    first, second, end = (f"2999-0{month}-01T00:00:00Z" for month in (1, 2, 3))
    conditions = [
        {"effective_from": first, **prices(3)},
        {"effective_from": second, "effective_until": end, **prices(6)},
        {"effective_from": second, "service_tier": "batch", **prices("1.5")},
        {"effective_from": end, "service_tier": "batch", INPUT: None},
    ]
    said(pricing, {"m": prices(1, 2, conditions=conditions)})
    rows = pricing.rows("select * from public.pricing_announced order by effective_at, after")
    assert [(r["before"], r["after"], r["percent"]) for r in rows] == [
        (1, 3, 200),
        (3, Decimal("1.5"), -50),
        (3, 6, 100),
        (Decimal("1.5"), None, None),
    ]


def test_an_override_stays_and_its_own_times_are_kept(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2, conditions=[announce(FIRST, **prices(3, 4))])}, at=PAST)
    override(pricing, input_per_1m=7, force=True)
    tick(pricing)
    assert charged(pricing) == prices(7, 4)
    assert cost(pricing, MILLION) == 7
    # Until the override was set, the announced price was charged.
    assert cost(pricing, MILLION, FIRST) == 3
    assert [row[1:] for row in course(pricing)][-1] == (True, 7, 4)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
def test_every_request_costs_the_same_before_and_after_the_tick(
    pricing: Pricing, seed: int
) -> None:
    chance = random.Random(seed)
    models = {f"m{number}": random_set(chance) for number in range(20)}
    with pricing.connection.transaction(force_rollback=True):
        said(pricing, models, at=PAST - timedelta(days=3))
        requests = [
            {"model": model, "usage": random_usage(chance), "at": random_time(chance).isoformat()}
            for model in models
            for _ in range(10)
        ]
        bills = (
            "select r.model, r.usage, r.at, b.cost"
            " from jsonb_to_recordset(%s) as r (model text, usage jsonb, at timestamptz)"
            " cross join lateral public.price_request('openrouter', r.model, r.usage, r.at) b"
        )
        before = pricing.rows(bills, Jsonb(requests))
        assert pricing.value("select public.apply_announced_prices()") > 0
        assert pricing.rows(bills, Jsonb(requests)) == before
        waiting = "select count(*) from public.model_pricing where next_effective_at is not null"
        assert pricing.value(waiting) == 0
