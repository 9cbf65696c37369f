"""An override is charged until it expires, to the instant, however late the tick is."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.db.conftest import Another
from tests.db.price_decisions import (
    call,
    charged,
    charged_now,
    course,
    listed,
    model_id,
    override,
    prices,
    said,
)
from tests.db.prices.requests import (
    DAYS_OF_ANNOUNCEMENTS,
    START,
    moment,
    random_condition,
    random_prices,
    random_set,
    random_time,
    random_usage,
)
from tests.db.prices.test_price_request import cost
from tests.db.pricing import Pricing, Row
from tests.support.waiting import wait_until

MILLION = {"input_tokens": 1_000_000}
IMAGE, REQUEST = "price_per_image", "price_per_request"
ENDS = datetime(2999, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
KINDS = {"image_size", "image_quality", "search_type"}


def costs(pricing: Pricing, *moments: datetime, usage: Row = MILLION) -> list[Decimal | None]:
    return [cost(pricing, usage, at) for at in moments]


def override_for_a_second(pricing: Pricing) -> Row:
    """The server counts the second, so that a slow client does not ask for one that is over."""
    with pricing.as_role("pricing_web"):
        return pricing.row(
            "select * from public.set_price_override('openrouter', 'm', 'contract',"
            " input_per_1m => 5, expires_at => clock_timestamp() + interval '1 second')"
        )


def test_its_end_is_billed_and_seen_beforehand(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5, expires_at=ENDS)
    assert costs(pricing, ENDS - INSTANT, ENDS) == [5, 1]
    pricing.listen("pricing_changed")
    said(pricing, {"m": prices(3, 4)})
    assert costs(pricing, ENDS - INSTANT, ENDS) == [5, 3]
    assert pricing.heard(pricing), "a cache needs the price that comes back"
    (row,) = pricing.rows("select * from public.pricing_announced")
    assert (row["price"], row["before"], row["after"]) == ("input_per_1m", 5, 3)
    assert (row["effective_at"], row["condition"]) == (ENDS, None)
    call(pricing, "clear_price_override", provider="openrouter", model="m")
    assert charged(pricing) == prices(3, 4)


@pytest.mark.parametrize(
    ("ends", "shown"),
    [
        ("2999-01-01T10:20:30Z", "2999-01-01T10:20:30Z"),
        ("2999-01-01T10:20:00.5+02:00", "2999-01-01T08:20:00.5Z"),
        ("2999-01-01T10:20:00.000001Z", "2999-01-01T10:20:00.000001Z"),
    ],
)
def test_its_time_is_written_as_short_as_is_exact(pricing: Pricing, ends: str, shown: str) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5, expires_at=ends)
    assert charged(pricing)["conditions"] == [{"effective_from": shown, **prices(1)}]


def test_a_late_tick_changes_no_bill(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    ends = override_for_a_second(pricing)["expires_at"]
    wait_until(lambda: cost(pricing, MILLION) == 1, what="it expires")
    now = pricing.value("select clock_timestamp()")
    moments = (ends - INSTANT, ends, now)
    assert costs(pricing, *moments) == [5, 1, 1]
    assert charged_now(pricing) == prices(5, 2), "no tick has come"

    assert pricing.value("select public.end_expired_overrides()") == 1
    assert charged(pricing) == prices(1, 2)
    assert costs(pricing, *moments) == [5, 1, 1]
    assert pricing.history("m")[-1]["effective_at"] == ends
    in_force = pricing.rows(
        "select after, in_force_from, in_force_until from public.pricing_history"
        " where price = 'input_per_1m' and condition is null order by id desc limit 2"
    )
    assert [(r["after"], r["in_force_until"]) for r in in_force] == [(1, None), (5, ends)]
    assert in_force[0]["in_force_from"] == ends


def test_a_late_tick_dates_each_change_by_its_own_moment(pricing: Pricing) -> None:
    begins, ends = START, START + timedelta(days=1)
    listed(pricing, "m")
    overridden_until(pricing, "m", prices(5), ends)
    announced = {"effective_from": begins.isoformat(), **prices(None, 3)}
    said(pricing, {"m": prices(1, 2, conditions=[announced])}, at=START - timedelta(days=3))
    assert pricing.value("select public.end_expired_overrides()") == 1
    dated = [(r["changed_by"], r["effective_at"]) for r in pricing.history("m") if r["is_in_force"]]
    by_expiry = f"expiry:{pricing.value('select id from public.pricing_overrides')}"
    assert dated[1:] == [("announced:openrouter", begins), (by_expiry, ends)]


def test_a_sync_between_expiry_and_tick_finds_the_providers_price(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    row = override_for_a_second(pricing)
    wait_until(lambda: cost(pricing, MILLION) == 1, what="it expires")
    assert pricing.value("select public.apply_announced_prices('{openrouter}')") == 1
    assert charged(pricing) == prices(1, 2)
    assert course(pricing)[-1] == (f"expiry:{row['id']}", True, 1, 2)
    assert pricing.value("select public.end_expired_overrides()") == 1
    assert course(pricing)[-1] == (f"expiry:{row['id']}", True, 1, 2)
    assert len(course(pricing)) == 3, "and the tick finds nothing to write"


@pytest.mark.parametrize(
    ("expiry", "after"), [("'2998-01-01Z'", [1, 1]), ("'3000-01-01Z'", [5, 5]), ("null", [5, 5])]
)
def test_an_expiry_that_a_person_changes_is_billed(
    pricing: Pricing, expiry: str, after: list[int]
) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5, expires_at=ENDS)
    pricing.do(f"update public.pricing_overrides set expires_at = {expiry}")
    assert costs(pricing, ENDS - INSTANT, ENDS) == after
    login = pricing.value("select session_user")
    assert course(pricing)[-1][:2] == (f"manual:{login}", True)


def test_one_that_a_person_lets_expire_is_no_longer_billed(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    row = override(pricing, input_per_1m=5, expires_at=ENDS)
    pricing.do("update public.pricing_overrides set expires_at = now() - interval '1 day'")
    assert charged(pricing) == prices(1, 2), "no tick has come"
    assert pricing.value("select public.end_expired_overrides()") == 1
    assert [name for name, *_ in course(pricing)][2:] == [f"expiry:{row['id']}"]


def test_expiries_of_many_providers_are_changed_in_the_order_of_their_locks(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    """A catalogue's sync, which locks many, would deadlock with another order."""
    for provider in ("openrouter", "deepinfra"):
        said(pricing, {"m": prices(1, 2)}, provider=provider)
        override(pricing, provider=provider, input_per_1m=5, expires_at=ENDS)
    person = another()
    change = "update public.pricing_overrides set expires_at = expires_at + interval '1 day'"
    with pricing.connection.transaction():
        pricing.do("select public.lock_provider_prices('{deepinfra}')")
        waiting = threads.submit(person.do, change)
        pricing.wait_until_it_polls(person)
        assert pricing.value("select public.try_pricing_lock('prices of openrouter')")
    assert waiting.result(60) == 2


@pytest.mark.parametrize("expires_at", [None, ENDS])
@pytest.mark.parametrize(
    "fixed",
    [
        {REQUEST: "0", "conditions": [{"effective_until": "2026-01-01T00:00:00Z", IMAGE: "1"}]},
        {"conditions": [{"effective_from": "2026-01-01T00:00:00Z", REQUEST: "0"}]},
        {REQUEST: "1", "conditions": [{"effective_from": "2026-01-01T00:00:00Z", REQUEST: "0"}]},
    ],
    ids=["a condition has ended", "it has begun", "it has changed"],
)
def test_a_fee_that_it_makes_free_stays_free(
    pricing: Pricing, fixed: Row, expires_at: datetime | None
) -> None:
    pricing.do("select set_config('pricing.maintenance', 'on', false)")
    said(pricing, {"m": prices(1, 2, **{REQUEST: "0.5"})})
    override(pricing, input_per_1m=5, expires_at=expires_at)
    pricing.do("update public.pricing_overrides set prices = %s", Jsonb(fixed))
    said(pricing, {"m": prices(3, 4, **{REQUEST: "0.7"})})
    assert costs(pricing, datetime.now(UTC)) == [3]


def test_what_it_would_change_after_its_end_is_not_announced(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    late = {"effective_from": "3000-01-01T00:00:00Z", "input_per_1m": 7}
    override(pricing, prices={"input_per_1m": 5, "conditions": [late]}, expires_at=ENDS)
    rows = pricing.rows("select effective_at, after from public.pricing_announced")
    assert [tuple(row.values()) for row in rows] == [(ENDS, 1)]


def test_an_override_of_an_older_version_is_announced_by_the_next_tick(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5)
    with pricing.connection.transaction():
        pricing.do("alter table public.pricing_overrides disable trigger user")
        pricing.do(f"update public.pricing_overrides set expires_at = '{ENDS}'")
        pricing.do("alter table public.pricing_overrides enable trigger user")
    assert costs(pricing, ENDS) == [5]
    for _ in range(2):
        assert pricing.value("select public.end_expired_overrides()") == 0
        assert costs(pricing, ENDS - INSTANT, ENDS) == [5, 1]
    assert [row[0] for row in course(pricing)][2:] == ["repair:override_expiry"]


def test_what_it_makes_free_until_then_is_free(pricing: Pricing) -> None:
    tiers = [{"min_prompt_tokens": 1000, **prices(3, 4)}, {"image_size": "s", IMAGE: "0.04"}]
    said(pricing, {"m": prices(1, None, conditions=tiers)})
    free = {"input_per_1m": 0, "output_per_1m": 0, "per_image": 0}
    override(pricing, prices=free, expires_at=ENDS, force=True)
    row = pricing.row("select price_state, is_overridden from public.model_prices")
    assert (row["price_state"], row["is_overridden"]) == ("free", True)
    usage = {"input_tokens": 2_000_000, "output_tokens": 1}
    assert costs(pricing, ENDS - INSTANT, ENDS, usage=usage) == [0, Decimal("6.000004")]


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(seed=14)  # A fee of 0, and a condition that ends before the override.
@given(seed=st.integers(0, 2**32))
def test_until_then_as_one_without_end_and_from_then_on_as_none(
    pricing: Pricing, seed: int
) -> None:
    """The same with no tick, and after one that comes months late."""
    chance = random.Random(seed)
    with pricing.connection.transaction(force_rollback=True):
        ends = {f"m{number}": random_end(chance) for number in range(20)}
        worlds = {model: published_set(chance) for model in ends}
        fixed = {model: random_override(chance) for model in ends}
        for kind, expiries in (
            ("expiring", ends),
            ("lasting", dict.fromkeys(ends)),
            ("none", {}),
        ):
            listed(pricing, *(f"{kind}/{model}" for model in ends))
            for model, at in expiries.items():
                overridden_until(pricing, f"{kind}/{model}", fixed[model], at)
            published = {f"{kind}/{model}": worlds[model] for model in ends}
            said(pricing, published, at=START - timedelta(days=3))
        requests = [
            {"model": model, "usage": random_usage(chance), "at": at.isoformat()}
            for model in ends
            for at in (
                ends[model] - INSTANT,
                ends[model],
                *(random_time(chance) for _ in range(10)),
            )
        ]

        def bills(kind: str) -> list[Row]:
            return pricing.rows(
                "select r.model, r.usage, r.at, b.cost"
                " from jsonb_to_recordset(%s) as r (model text, usage jsonb, at timestamptz)"
                " cross join lateral"
                " public.price_request('openrouter', %s || '/' || r.model, r.usage, r.at) b",
                *(Jsonb(requests), kind),
            )

        lasting, none = bills("lasting"), bills("none")
        expected = [
            before if before["at"] < ends[before["model"]] else after
            for before, after in zip(lasting, none, strict=True)
        ]
        for found, wanted in zip(bills("expiring"), expected, strict=True):
            model = found["model"]
            assert found == wanted, f"{worlds[model]} {fixed[model]} {ends[model]} {found} {wanted}"
        assert pricing.value("select public.end_expired_overrides()") == len(ends)
        pricing.value("select public.apply_announced_prices()")
        assert bills("expiring") == expected
        for model in ends:
            assert charged(pricing, f"expiring/{model}") == charged(pricing, f"none/{model}")


def overridden_until(pricing: Pricing, model: str, fixed: Row, at: datetime | None) -> None:
    """An override of the past, which no tick has seen."""
    pricing.maintain(
        "insert into public.pricing_overrides"
        " (model_id, prices, reason, created_by, created_at, expires_at)"
        " values (%s, %s, 'contract', 'ann', %s, %s)",
        *(model_id(pricing, model), Jsonb(fixed), START - timedelta(days=9), at),
    )


def random_end(chance: random.Random) -> datetime:
    return START + timedelta(hours=chance.randrange(24 * DAYS_OF_ANNOUNCEMENTS))


def published_set(chance: random.Random) -> Row:
    """Fees by size and the like depend on nothing else: else one that comes back is unknown."""
    found = random_set(chance)
    for entry in found.get("conditions", []):
        if KINDS & entry.keys():
            for key in [key for key in entry if key not in KINDS and not key.startswith("price_")]:
                del entry[key]
    return found


def random_override(chance: random.Random) -> Row:
    """Fixed prices, conditions, or all of it from a time on."""
    # None of them is unknown, which read_override_prices refuses.
    conditions = [
        {
            key: value if value is not None else "0"
            for key, value in random_condition(chance).items()
        }
        for _ in range(chance.choice((0, 0, 1, 2)))
    ]
    base = {} if conditions and chance.random() < 0.3 else random_prices(chance, 4)
    if base and chance.random() < 0.3:
        conditions = [{"effective_from": moment(chance), **base}, *conditions]
        base = {}
    return base | ({"conditions": conditions} if conditions else {})
