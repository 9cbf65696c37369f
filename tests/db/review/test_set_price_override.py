"""A price that a person fixes wins over the synced one, which is still recorded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.db.conftest import Another
from tests.db.price_decisions import (
    INPUT,
    OUTPUT,
    audit,
    base,
    call,
    charged,
    charged_now,
    course,
    listed,
    override,
    prices,
    said,
)
from tests.db.pricing import Pricing, Row, refused

SLASHES = "meta/llama 3.1/70b:free"


def test_it_is_in_force_at_once(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    row = override(pricing, input_per_1m=Decimal("0.8"), expires_at=expires_at, author="ann")

    assert (row["prices"], row["reason"]) == ({INPUT: "0.0000008"}, "contract")
    assert (row["created_by"], row["expires_at"], row["ended_at"]) == ("ann", expires_at, None)
    assert charged_now(pricing) == prices("0.8", 2)
    assert base(pricing) == prices(1, 2)
    assert course(pricing)[-1] == ("manual:ann", True, Decimal("0.8"), 2)
    assert pricing.history("m")[-1]["job_id"] is None
    assert audit(pricing) == [
        {
            "who": "ann",
            "action": "set_price_override",
            "subject": "openrouter/m",
            "details": {
                "override": row["id"],
                "replaces": None,
                "prices": {INPUT: "0.0000008"},
                "reason": "contract",
                "expires_at": expires_at.isoformat(),
                "forced": False,
                "suspicion": None,
            },
        }
    ]


def test_what_it_does_not_name_follows_the_provider(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5)
    said(pricing, {"m": prices(1, 3, price_per_image="0.04")})
    assert charged(pricing) == prices(5, 3, price_per_image="0.04")
    assert course(pricing)[-2:] == [
        ("api_sync:openrouter", False, 1, 3),
        ("api_sync:openrouter", True, 5, 3),
    ]


def test_it_survives_syncs_that_are_recorded(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5, output_per_1m=6)
    said(pricing, {"m": prices(3, 4)})
    assert charged(pricing) == prices(5, 6)
    assert base(pricing) == prices(3, 4)
    assert course(pricing)[-1] == ("api_sync:openrouter", False, 3, 4)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (
            {"input_per_1m": Decimal("0.1234567890123456789")},
            {INPUT: "0.0000001234567890123456789"},
        ),
        ({"input_per_1m": 0, "output_per_1m": 0}, {INPUT: "0", OUTPUT: "0"}),
        ({"prices": {"cache_read_per_1m": 0.25}}, {"price_per_cache_read_token": "0.00000025"}),
        ({"prices": {"cache_read_per_1m": "0.25"}}, {"price_per_cache_read_token": "0.00000025"}),
        ({"prices": {"price_per_input_token": "5e-07"}}, {INPUT: "0.0000005"}),
        (
            {"prices": {"per_image": "0.040", "per_request": 1}},
            {"price_per_image": "0.04", "price_per_request": "1"},
        ),
        (
            {"output_per_1m": 3, "prices": {"input_per_1m": 1}},
            {INPUT: "0.000001", OUTPUT: "0.000003"},
        ),
    ],
    ids=["exact", "free", "number", "string", "by the token", "fees", "both ways"],
)
def test_prices_by_name_or_column(pricing: Pricing, given: Row, stored: Row) -> None:
    said(pricing, {"m": prices(1, 2)})
    assert override(pricing, **given)["prices"] == stored
    assert charged(pricing) == prices(1, 2) | stored


def test_every_price_has_both_names(pricing: Pricing) -> None:
    listed(pricing, "m")
    axes = pricing.rows("select axis, short_name, factor from public.pricing_axes()")
    for names in ("axis", "short_name"):
        row = override(pricing, prices={a[names]: "2" for a in axes})
        assert row["prices"] == {
            a["axis"]: "0.000002" if names == "short_name" and a["factor"] == 1000000 else "2"
            for a in axes
        }


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"prices": {}},
        {"prices": Jsonb(None)},
        {"prices": []},
        {"prices": {"input": 1}},
        {"prices": {"conditions": []}},
        {"prices": {"input_per_1m": None}},
        {"prices": {"input_per_1m": True}},
        {"prices": {"input_per_1m": {"usd": 1}}},
        {"prices": {"input_per_1m": ""}},
        {"prices": {"input_per_1m": " 1"}},
        {"prices": {"input_per_1m": "1\n"}},
        {"prices": {"input_per_1m": "$1"}},
        {"prices": {"input_per_1m": "1,5"}},
        {"prices": {"input_per_1m": "0x10"}},
        {"prices": {"input_per_1m": "1e999999"}},
        {"prices": {"input_per_1m": "NaN"}},
        {"prices": {"input_per_1m": "Infinity"}},
        {"prices": {"input_per_1m": "-0.1"}},
        {"prices": {"input_per_1m": -0.1}},
        {"prices": {"input_per_1m": "1" * 101}},
        {"prices": {"input_per_1m": 1, "price_per_input_token": 1}},
        {"input_per_1m": 1, "prices": {"input_per_1m": 1}},
        {"output_per_1m": 1, "prices": {"price_per_output_token": 1}},
        {"input_per_1m": -1},
        {"output_per_1m": Decimal("NaN")},
        {"output_per_1m": Decimal("Infinity")},
        {"output_per_1m": Decimal("-Infinity")},
        {"input_per_1m": 1, "reason": None},
        {"input_per_1m": 1, "reason": " "},
        {"input_per_1m": 1, "reason": "x" * 501},
        {"input_per_1m": 1, "author": None},
        {"input_per_1m": 1, "author": ""},
        {"input_per_1m": 1, "author": "x" * 201},
        {"input_per_1m": 1, "expires_at": "2001-01-01"},
        {"input_per_1m": 1, "expires_at": "now"},
        {"input_per_1m": 1, "expires_at": "-infinity"},
        {"input_per_1m": 1, "expires_at": "infinity"},
        {"input_per_1m": 1, "expires_at": "9999-12-31T23:59-14:00"},
    ],
    ids=str,
)
def test_bad_input_is_refused(pricing: Pricing, given: dict[str, Any]) -> None:
    said(pricing, {"m": prices(1, 2)})
    with pricing.nothing_written(), refused("PT422"):
        override(pricing, **given)


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openrouter", "M"), ("openrouter", None), (None, "m"), ("nobody", "m"), ("deepinfra", "m")],
)
def test_an_unknown_model(pricing: Pricing, provider: str | None, model: str | None) -> None:
    said(pricing, {"m": prices(1, 2)})
    with pricing.nothing_written(), refused("PT404") as info:
        call(
            pricing,
            "set_price_override",
            **{"provider": provider, "model": model, "reason": "x", "input_per_1m": 1},
        )
    assert "case sensitive" in str(info.value.diag.message_hint)


def test_a_model_without_a_price(pricing: Pricing) -> None:
    listed(pricing, SLASHES)
    override(pricing, SLASHES, input_per_1m=1, output_per_1m=2)
    assert charged(pricing, SLASHES) == prices(1, 2)
    assert base(pricing, SLASHES) == {}
    assert audit(pricing)[0]["subject"] == f"openrouter/{SLASHES}"
    call(pricing, "clear_price_override", provider="openrouter", model=SLASHES)
    assert charged(pricing, SLASHES) == {}
    assert [row[2:] for row in course(pricing, SLASHES)] == [(1, 2), (None, None)]


def test_a_model_of_a_provider_without_a_row(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)}, provider="somebody-else", source="catalogue:test")
    override(pricing, provider="somebody-else", input_per_1m=5)
    assert charged(pricing, provider="somebody-else") == prices(5, 2)


def test_a_second_one_takes_the_place_of_the_first_whole(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    first = override(pricing, input_per_1m=5, author="ann")
    second = override(pricing, output_per_1m=6, author="bob")
    assert charged(pricing) == prices(1, 6)
    assert base(pricing) == prices(1, 2)
    old, new = pricing.rows("select * from public.pricing_overrides order by id")
    assert (old["id"], old["ended_by"]) == (first["id"], "bob")
    assert old["ended_at"] == new["created_at"]
    assert (new["id"], new["ended_at"]) == (second["id"], None)
    assert audit(pricing)[1]["details"]["replaces"] == first["id"]
    assert [who for who, *_ in course(pricing)] == [
        "api_sync:openrouter",
        "manual:ann",
        "manual:bob",
    ]


def test_one_that_has_expired_and_was_not_ended_yet(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5)
    pricing.do("update public.pricing_overrides set expires_at = now() - interval '1 hour'")
    override(pricing, input_per_1m=6)
    assert pricing.value("select public.end_expired_overrides()") == 0
    assert charged(pricing) == prices(6, 2)


def test_the_price_that_is_charged_already(pricing: Pricing) -> None:
    """It applies from now on, but no price changes."""
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=1)
    assert len(course(pricing)) == 1
    said(pricing, {"m": prices(3, 2)})
    assert charged(pricing) == prices(1, 2)


def test_a_fixed_price_holds_under_every_condition(pricing: Pricing) -> None:
    long = {"min_prompt_tokens": 200_000, INPUT: "0.000002", OUTPUT: "0.000004"}
    night = {"utc_start": "0000", "utc_end": "0600", INPUT: "0.0000005"}
    said(pricing, {"m": prices(1, 2, conditions=[long, night])})
    override(pricing, input_per_1m=5)
    kept = {"min_prompt_tokens": 200_000, OUTPUT: "0.000004"}
    assert charged(pricing) == prices(5, 2, conditions=[kept])


def test_two_at_once(pricing: Pricing, another: Another, threads: ThreadPoolExecutor) -> None:
    said(pricing, {"m": prices(1, 2)})
    other = another()
    with pricing.connection.transaction():
        override(pricing, input_per_1m=5, author="ann")
        second = threads.submit(override, other, input_per_1m=6, author="bob")
        pricing.wait_until_blocked(other)
    assert second.result(60)["created_by"] == "bob"
    assert charged(pricing) == prices(6, 2)
    assert [row[2] for row in course(pricing)] == [1, 5, 6]
    open_ones = "select created_by from public.pricing_overrides where ended_at is null"
    assert pricing.value(open_ones) == "bob"


def test_it_is_told(pricing: Pricing, another: Another) -> None:
    said(pricing, {"m": prices(1, 2)})
    listener = another()
    listener.listen("pricing_changed")
    override(pricing, input_per_1m=5)
    assert listener.heard(pricing) == [
        ("pricing_changed", '{"count": 1, "job_id": null, "provider": "openrouter"}')
    ]


# The guards.


@pytest.fixture
def guarded(pricing: Pricing) -> Pricing:
    """A model at 1 and 2 US dollars per million tokens, of a provider whose guards are on."""
    pricing.do("update public.pricing_providers set guards_enabled = true")
    said(pricing, {"m": prices(1, 2, price_per_image="0.04")})
    return pricing


def catalogue_says(pricing: Pricing, **amounts: str) -> None:
    pricing.do(
        "insert into public.pricing_catalogue_prices (provider_slug, model_id, prices, version)"
        " values ('openrouter', 'm', %s, 'genai-prices@0.2.3')",
        Jsonb(amounts),
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"input_per_1m": 110_000}, "input_per_1m moves by 110,000 times (1 -> 110,000)"),
        ({"input_per_1m": 10}, "input_per_1m moves by 10 times (1 -> 10)"),
        ({"output_per_1m": Decimal("0.2")}, "output_per_1m moves by 10 times (2 -> 0.2)"),
        ({"input_per_1m": 0}, "input_per_1m falls to zero (1 -> 0)"),
        ({"prices": {"price_per_input_token": "1"}}, "input_per_1m 1,000,000 is outside 0.001"),
        # Also without a provider price to compare with.
        ({"prices": {"cache_read_per_1m": 1001}}, "cache_read_per_1m 1,001 is outside 0.001 to"),
        ({"prices": {"cache_read_per_1m": "1e-9"}}, "cache_read_per_1m"),
        ({"prices": {"cache_write_per_1m": 30}}, "100 times the catalogue's 0.3"),
        # Fees, which are not per token.
        ({"prices": {"per_image": "0.4"}}, "per_image moves by 10 times (0.04 -> 0.4)"),
        ({"prices": {"per_image": "0"}}, "per_image falls to zero (0.04 -> 0)"),
        (
            {"prices": {"per_request": "0.01"}},
            "per_request 0.01 has nothing to be measured by: there was",
        ),
        (
            {"prices": {"cache_read_per_1m": 200}},
            "cache_read_per_1m 200 is 100 times the price of input and output, and there was none",
        ),
    ],
    ids=str,
)
def test_beyond_the_guards_it_needs_force(guarded: Pricing, given: Row, why: str) -> None:
    catalogue_says(guarded, price_per_cache_write_token="0.0000003")
    with guarded.nothing_written(), refused("PT409") as info:
        override(guarded, **given)
    message = str(info.value.diag.message_primary)
    assert "openrouter/m" in message
    assert why in message
    assert "force => true" in message, "the SQL editor shows no hints"

    assert override(guarded, **given, force=True)["forced"] is True
    details = audit(guarded)[-1]["details"]
    assert details["forced"] is True
    assert why in details["suspicion"]
    assert guarded.value("select forced from public.pricing_active_overrides") is True


NOTHING = "has nothing to be measured by"


@pytest.mark.parametrize(
    ("base", "given", "why"),
    [
        # Neither the base nor another price of the same override allows it.
        (prices("0.1"), {"output_per_1m": 999}, "999 is 9,990 times the price of input"),
        (prices("0.1"), {"output_per_1m": 1}, "output_per_1m 1 is 10 times the price of input"),
        (prices("0.1"), {"output_per_1m": "0.01"}, "output_per_1m 0.01 is 0.1 times the price of"),
        (prices(None, 30), {"input_per_1m": "0.3"}, "0.3 is 0.01 times the price of output"),
        (
            prices(1, 2),
            {
                "input_per_1m": "9.9",
                "output_per_1m": "19.9",
                "prices": {"reasoning_per_1m": 20},
            },
            "reasoning_per_1m 20 is 10 times the price of input and output",
        ),
        (
            prices(1, 2),
            {"prices": {"output_audio_per_1m": 200}},
            "output_audio_per_1m 200 is 100 times the price of input and output",
        ),
        (
            prices(1, 2),
            {"prices": {"cache_read_per_1m": "0.01"}},
            "cache_read_per_1m 0.01 is 0.01 times the price of input and output",
        ),
        (prices("0.1"), {"output_per_1m": 0}, "output_per_1m is zero, and there was no price"),
        # A free model, or one axis at 0.
        (prices(0, 0), {"input_per_1m": 1}, f"input_per_1m 1 {NOTHING}: it was free"),
        (prices(0, 0), {"output_per_1m": 999}, f"output_per_1m 999 {NOTHING}: it was free"),
        (prices(0, 0), {"prices": {"cache_read_per_1m": 1}}, f"1 {NOTHING}: there was none"),
        (prices(0, 0), {"prices": {"per_image": "0.04"}}, f"per_image 0.04 {NOTHING}"),
        (prices(0), {"output_per_1m": 1}, f"output_per_1m 1 {NOTHING}: there was none"),
        (prices(price_per_image="0.04"), {"input_per_1m": 1}, f"input_per_1m 1 {NOTHING}"),
        (
            prices(conditions=[{"min_prompt_tokens": 1, INPUT: "0.000001"}]),
            {"input_per_1m": 999},
            f"input_per_1m 999 {NOTHING}",
        ),
        # Without a price: the band, and the prices of the override against each other.
        ({}, {"input_per_1m": 1, "output_per_1m": 10}, "10 is 10 times the price of input"),
        ({}, {"output_per_1m": 1, "prices": {"reasoning_per_1m": 10}}, "10 is 10 times the price"),
        ({}, {"input_per_1m": 1001}, "input_per_1m 1,001 is outside 0.001 to"),
        ({}, {"input_per_1m": 0, "output_per_1m": 0}, "input_per_1m is zero, and there was"),
        ({}, {"prices": {"per_image": "10.01"}}, "per_image 10.01 is above 10"),
    ],
    ids=str,
)  # fmt: skip
def test_a_price_that_was_not_there_is_measured_by_what_was(
    guarded: Pricing, base: Row, given: Row, why: str
) -> None:
    said(guarded, {"new": base})
    with guarded.nothing_written(), refused("PT409") as info:
        override(guarded, "new", **given)
    assert why in str(info.value.diag.message_primary)
    assert override(guarded, "new", **given, force=True)["forced"] is True


@pytest.mark.parametrize(
    ("base", "given"),
    [
        (prices("0.3"), {"output_per_1m": "2.5"}),
        (prices(1, 2), {"prices": {"cache_read_per_1m": "0.1", "input_audio_per_1m": 40}}),
        (prices("0.1", 0), {"output_per_1m": "0.1"}),
        (prices(0, 0), {"input_per_1m": 0, "prices": {"per_request": 0, "reasoning_per_1m": 0}}),
        ({}, {"input_per_1m": 3, "output_per_1m": 15, "prices": {"cache_read_per_1m": "0.3"}}),
        ({}, {"input_per_1m": 600}),
        ({}, {"prices": {"per_image": "0.04"}}),
        # A fee of 0 says nothing about the model's cost.
        ({"price_per_request": "0"}, {"input_per_1m": 3}),
    ],
    ids=str,
)
def test_a_first_price_within_them_needs_no_force(guarded: Pricing, base: Row, given: Row) -> None:
    said(guarded, {"new": base})
    assert override(guarded, "new", **given)["forced"] is False


def test_what_a_price_was_once_or_is_in_the_catalogue_measures_it(guarded: Pricing) -> None:
    catalogue_says(guarded, price_per_cache_write_token="0.0000003", price_per_request="0.01")
    override(guarded, prices={"cache_write_per_1m": 1, "per_request": "0.02"})
    for given in ({"cache_write_per_1m": 3}, {"per_request": "0.1"}):
        with refused("PT409"):
            override(guarded, prices=given)

    said(guarded, {"m": prices(0, 0)})
    override(guarded, input_per_1m=2, output_per_1m=2)
    with refused("PT409"):
        override(guarded, input_per_1m=2, output_per_1m=20)


def test_within_them_force_is_not_recorded(guarded: Pricing) -> None:
    row = override(guarded, input_per_1m=Decimal("9.9"), output_per_1m=2, force=True)
    assert row["forced"] is False
    details = audit(guarded)[-1]["details"]
    assert (details["forced"], details["suspicion"]) == (False, None)


def test_it_is_measured_by_what_the_provider_says(guarded: Pricing) -> None:
    """Otherwise two changes of 9 times would pass as one of 81."""
    override(guarded, input_per_1m=9)
    with refused("PT409"):
        override(guarded, input_per_1m=81)
    override(guarded, input_per_1m=500, force=True)
    with refused("PT409"):
        override(guarded, input_per_1m=450)
    override(guarded, input_per_1m=2)


def test_a_price_of_the_catalogue_measures_too(guarded: Pricing) -> None:
    said(guarded, {"m": prices(1, 2)}, source="catalogue:test")
    said(guarded, {"m": prices(1, 2)}, provider="somebody-else", source="catalogue:test")
    for provider in ("openrouter", "somebody-else"):
        with refused("PT409"):
            override(guarded, provider=provider, input_per_1m=50)


def test_conditions_of_the_provider_are_no_suspicion(guarded: Pricing) -> None:
    tiers = [
        {"min_prompt_tokens": 200_000, INPUT: "0.00009"},
        {"min_prompt_tokens": 200_000, OUTPUT: "0.0000001"},
    ]
    said(guarded, {"m": prices(1, 2, conditions=tiers)})
    override(guarded, input_per_1m=2)


def test_without_guards_nothing_is_checked(guarded: Pricing) -> None:
    guarded.do("update public.pricing_providers set guards_enabled = false")
    assert override(guarded, input_per_1m=110_000, force=False)["forced"] is False


def test_a_first_list_that_waits_says_nothing_of_it(guarded: Pricing) -> None:
    guarded.do("update public.pricing_providers set review_first = true")
    override(guarded, input_per_1m=2)


def test_what_ends_it_is_not_checked(guarded: Pricing) -> None:
    """The price returns to the provider's, which was accepted."""
    override(guarded, input_per_1m=500, force=True)
    call(guarded, "clear_price_override", provider="openrouter", model="m")
    assert charged(guarded) == prices(1, 2, price_per_image="0.04")


def test_a_price_is_a_number_however_the_session_reads_strings(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    pricing.do("set standard_conforming_strings = off")
    with refused("PT422"):
        override(pricing, prices={"input_per_1m": "1x5"})
