"""Prices and providers that no list has confirmed in time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.db.pricing import Pricing, Row, catalogue_price, price

A, B, C = price("a"), price("b"), price("c")


def stale(pricing: Pricing) -> set[tuple[str, str | None, str]]:
    """Of the providers that have a price."""
    with pricing.as_role("pricing_web"):
        rows = pricing.rows("select * from public.pricing_stale order by provider, model")
    return {(row["provider"], row["model"], row["why"]) for row in rows}


def time_passes(pricing: Pricing, hours: float) -> None:
    """Everything that was written lies this much further back."""
    for table, column in (
        ("pricing_providers", "last_success_at"),
        ("pricing_providers", "created_at"),
        ("pricing_sync_log", "applied_at"),
    ):
        pricing.do("set session_replication_role = replica")
        pricing.do(
            f"update public.{table} set {column} = {column} - make_interval(secs => %s)",
            hours * 3600,
        )
        pricing.do("reset session_replication_role")


def settle(pricing: Pricing, slug: str = "openrouter", **columns: Any) -> None:
    for column, value in columns.items():
        pricing.do(
            f"update public.pricing_providers set {column} = %s where slug = %s", value, slug
        )


@pytest.fixture(autouse=True)
def only_one_provider(pricing: Pricing) -> None:
    """openrouter every 6 hours, give or take 10 %, and the catalogue; an attempt takes 10 min."""
    pricing.do("delete from public.pricing_providers where slug not in ('openrouter', 'catalogue')")
    settle(pricing, "catalogue", sync_interval="1 year")
    pricing.do("update public.pricing_settings set scheduler_enabled = true")


def test_what_is_confirmed_in_time(pricing: Pricing) -> None:
    pricing.sync("openrouter", [A])
    # 6 h, 10 % of them, 10 min and 15 min are 7:01.
    time_passes(pricing, 7)
    assert stale(pricing) == set()


def test_a_provider_and_its_models(pricing: Pricing) -> None:
    pricing.sync("openrouter", [A, price("unpriced", None, None)])
    time_passes(pricing, 7.1)
    assert stale(pricing) == {("openrouter", None, "overdue"), ("openrouter", "a", "overdue")}
    row = pricing.row("select * from public.pricing_stale where model = 'a'")
    assert row["confirmed_by"] == "openrouter"
    assert row["confirmed_at"] == pricing.provider("openrouter")["last_success_at"]
    assert 60 <= row["overdue"].total_seconds() < 600


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"enabled": False}, "disabled"),
        ({"adapter": None}, "no adapter"),
        ({"state": "no_credentials"}, "no credential"),
        ({"consecutive_failures": 1}, "failing"),
        ({"next_allowed_at": "tomorrow"}, "rate limited"),
    ],
)
def test_why(pricing: Pricing, columns: Row, why: str) -> None:
    pricing.sync("openrouter", [A])
    settle(pricing, **columns)
    assert stale(pricing) == set()
    time_passes(pricing, 8)
    assert stale(pricing) == {("openrouter", None, why), ("openrouter", "a", why)}


def test_a_schedule_that_is_off(pricing: Pricing) -> None:
    pricing.sync("openrouter", [A])
    time_passes(pricing, 8)
    pricing.do("update public.pricing_settings set scheduler_enabled = false")
    assert stale(pricing) == {
        ("openrouter", None, "schedule off"),
        ("openrouter", "a", "schedule off"),
    }


def test_a_provider_that_was_never_synced(pricing: Pricing) -> None:
    assert stale(pricing) == set()
    time_passes(pricing, 8)
    assert stale(pricing) == {("openrouter", None, "never synced")}


def test_each_interval_counts(pricing: Pricing) -> None:
    pricing.sync("openrouter", [A])
    settle(pricing, sync_interval="1 day")
    time_passes(pricing, 26)
    assert stale(pricing) == set()
    settle(pricing, sync_interval="5 minutes")
    time_passes(pricing, 0)
    assert stale(pricing) == {("openrouter", None, "overdue"), ("openrouter", "a", "overdue")}
    settle(pricing, sync_interval="100 years", last_success_at="infinity")
    assert stale(pricing) == set()


def test_a_catalogue_price_is_confirmed_by_the_catalogue(pricing: Pricing) -> None:
    pricing.sync("catalogue", [catalogue_price("groq", "g")])
    settle(pricing, "catalogue", sync_interval="6 hours")
    time_passes(pricing, 8)
    assert stale(pricing) == {
        ("catalogue", None, "overdue"),
        ("groq", "g", "overdue"),
        ("openrouter", None, "never synced"),
    }


def test_a_model_whose_provider_has_no_row_any_more(pricing: Pricing) -> None:
    pricing.sync("openrouter", [A])
    pricing.do("delete from public.pricing_providers where slug = 'openrouter'")
    assert stale(pricing) == {("openrouter", "a", "no provider")}


def test_a_model_that_the_lists_lack(pricing: Pricing) -> None:
    pricing.sync("openrouter", [A, B, C])
    time_passes(pricing, 6)
    pricing.sync("openrouter", [A, C])
    assert stale(pricing) == set()
    time_passes(pricing, 2)
    assert stale(pricing) == {("openrouter", "b", "not in the list")}
    pricing.sync("openrouter", None)
    assert stale(pricing) == {("openrouter", "b", "not in the list")}
    pricing.sync("openrouter", [A, C])
    assert stale(pricing) == set(), "inactive now"


def test_two_syncs_in_a_row_make_nothing_stale(pricing: Pricing) -> None:
    pricing.sync("openrouter", [A, B, C])
    for _ in range(2):
        pricing.sync("openrouter", [A, C])
    assert stale(pricing) == set()


def test_a_model_that_the_lists_have_and_that_is_skipped(pricing: Pricing) -> None:
    odd = [{"model_id": "b", "reason": "odd"}]
    pricing.sync("openrouter", [A, B, C])
    time_passes(pricing, 6)
    pricing.sync("openrouter", [A, C], skipped=odd)
    assert stale(pricing) == set()
    time_passes(pricing, 6)
    pricing.sync("openrouter", None)
    assert stale(pricing) == {("openrouter", "b", "not understood")}
    pricing.sync("openrouter", [A, C], skipped=odd)
    assert stale(pricing) == {("openrouter", "b", "not understood")}
    pricing.sync("openrouter", [A, B, C])
    assert stale(pricing) == set()


def test_a_dry_run_confirms_nothing(pricing: Pricing) -> None:
    pricing.sync("openrouter", [A, B, C])
    time_passes(pricing, 6)
    pricing.sync("openrouter", [A, C])
    pricing.apply(pricing.start("openrouter", dry_run=True), [A, B, C])
    time_passes(pricing, 2)
    assert stale(pricing) == {("openrouter", "b", "not in the list")}
