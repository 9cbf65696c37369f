"""Programs change a provider's settings by a function, as people do by UPDATE."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.db.agreement import assert_agreed
from tests.db.conftest import Another
from tests.db.price_decisions import audit, call
from tests.db.pricing import Pricing, Row, refused

HOURS = timedelta(hours=1)


def update(pricing: Pricing, provider: str | None = "openrouter", **given: Any) -> Row:
    (row,) = call(
        pricing, "update_pricing_provider", provider=provider, **{"updated_by": "api:ann"} | given
    )
    return row


def test_each_setting(pricing: Pricing) -> None:
    settings: Row = {
        "enabled": False,
        "sync_interval": 2 * HOURS,
        "timeout": timedelta(minutes=3),
        "review_first": True,
        "guards_enabled": True,
        "guard_large_ratio": 5,
        "guard_unit_ratio": 50,
        "guard_lowest_per_1m": 0,
        "guard_highest_per_1m": 99,
    }
    before = pricing.provider("openrouter")
    for name, value in settings.items():
        assert before[name] != value
        answer = update(pricing, **{name: value})
        assert answer[name] == value
        changed = {key for key in before if answer[key] != before[key]} - {"state", "next_sync_at"}
        assert changed == {name}
        before = answer
    assert pricing.provider("openrouter") == before


def test_the_audit_log_says_who_and_what(pricing: Pricing) -> None:
    update(pricing, enabled=False, sync_interval="1 hour")
    update(pricing, enabled=False)
    pricing.do("update public.pricing_providers set enabled = true where slug = 'openrouter'")
    (row, by_hand) = audit(pricing)
    assert row == {
        "who": "api:ann",
        "action": "change_provider",
        "subject": "openrouter",
        "details": {
            "enabled": {"was": True, "now": False},
            "sync_interval": {"was": "06:00:00", "now": "01:00:00"},
        },
    }
    assert by_hand["who"] == pricing.value("select session_user::text")


def test_without_a_name_it_is_the_caller_s_role(pricing: Pricing) -> None:
    with pricing.as_role("service_role"):
        pricing.do("select public.update_pricing_provider('openrouter', enabled => false)")
    assert audit(pricing)[0]["who"] == "service_role"


def test_no_other_change_takes_the_name(pricing: Pricing) -> None:
    """The name counts in the function alone, not in what the transaction does besides."""
    with pricing.connection.transaction():
        update(pricing, sync_interval="1 hour")
        pricing.do("set local pricing.changed_by = 'api:bob'")
        pricing.do("update public.pricing_providers set timeout = '1 min' where slug = 'groq'")
    assert [row["who"] for row in audit(pricing)] == [
        "api:ann",
        pricing.value("select session_user::text"),
    ]


def test_disabling_cancels_what_waits(pricing: Pricing) -> None:
    waiting = pricing.trigger("openrouter")
    assert update(pricing, enabled=False)["state"] == "disabled"
    assert pricing.job(waiting["job_id"])["outcome"] == "cancelled"
    assert_agreed(pricing.connection)
    assert update(pricing, enabled=True)["state"] == "ok"


@pytest.mark.parametrize(
    ("next_sync_at", "hours"),
    [("now() + interval '5 hours'", 1), ("now() + interval '30 minutes'", 0.5)],
)
def test_a_shorter_interval_counts_from_now_on(
    pricing: Pricing, next_sync_at: str, hours: float
) -> None:
    pricing.do(f"update public.pricing_providers set next_sync_at = {next_sync_at}")
    update(pricing, sync_interval="1 hour")
    seconds = pricing.value(
        "select extract(epoch from next_sync_at - now())::float from public.pricing_providers"
        " where slug = 'openrouter'"
    )
    assert seconds == pytest.approx(hours * 3600, abs=60)


def test_a_longer_interval_and_a_schedule_put_off_for_ever_stay(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set next_sync_at = now() + interval '5 hours'")
    before = pricing.provider("openrouter")["next_sync_at"]
    assert update(pricing, sync_interval="1 day")["next_sync_at"] == before
    pricing.do("update public.pricing_providers set next_sync_at = 'infinity'")
    given = "'openrouter', sync_interval => '1 hour'"
    pricing.do(f"select from public.update_pricing_provider({given})")
    slot = "select next_sync_at = 'infinity' from pricing_providers where slug = 'openrouter'"
    assert pricing.value(slot)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"sync_interval": "4 minutes 59 seconds"},
        {"sync_interval": "101 years"},
        {"sync_interval": "-1000 months 30030 days"},
        {"timeout": "0.5 seconds"},
        {"timeout": "101 years"},
        {"guard_large_ratio": 1},
        {"guard_large_ratio": 101},
        {"guard_large_ratio": "NaN"},
        {"guard_unit_ratio": 9},
        {"guard_unit_ratio": "Infinity"},
        {"guard_unit_ratio": "NaN"},
        {"guard_lowest_per_1m": -1},
        {"guard_lowest_per_1m": 1000},
        {"guard_lowest_per_1m": "NaN"},
        {"guard_highest_per_1m": 0},
        {"guard_highest_per_1m": "Infinity"},
        {"guard_highest_per_1m": "NaN"},
        {"guard_lowest_per_1m": 5, "guard_highest_per_1m": 4},
        {"enabled": False, "updated_by": ""},
        {"enabled": False, "updated_by": "x" * 201},
        {"enabled": False, "updated_by": None},
    ],
)
def test_what_is_out_of_range_is_refused_and_changes_nothing(pricing: Pricing, given: Row) -> None:
    with pricing.nothing_written(), refused("PT422"):
        update(pricing, **given)


def test_both_bounds_may_move_at_once(pricing: Pricing) -> None:
    row = update(pricing, guard_large_ratio=500, guard_unit_ratio=1000)
    assert (row["guard_large_ratio"], row["guard_unit_ratio"]) == (500, 1000)


@pytest.mark.parametrize("provider", ["nope", None, "x" * 1000])
def test_an_unknown_provider_is_refused_with_the_known_ones(
    pricing: Pricing, provider: str | None
) -> None:
    with pricing.nothing_written(), refused("PT404") as info:
        update(pricing, provider, enabled=False)
    assert "openrouter" in str(info.value.diag.message_hint)


def test_one_that_is_deleted_meanwhile_is_unknown(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    other = another()
    pricing.do(
        "insert into pricing_providers (slug, name, base_url) values ('x', 'X', 'https://x')"
    )
    with pricing.connection.transaction():
        pricing.do("delete from pricing_providers where slug = 'x'")
        changed = threads.submit(update, other, "x", enabled=False)
        pricing.wait_until_blocked(other)
    with refused("PT404"):
        changed.result(30)
