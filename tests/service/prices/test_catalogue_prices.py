"""The catalogue's prices under all conditions: read by our rule they are the package's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from genai_prices import data_snapshot
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from service.prices.catalogue_conditions import MINIMUM_SECONDS, PEAK_DAYS, request_keys
from service.prices.catalogue_price_keys import PRICE_KEYS
from service.prices.catalogue_prices import read_prices
from service.prices.price_list import RawModel
from service.prices.units import Axis, RawPrice, to_canonical

Charged = dict[str, Any]

NOW = datetime(2026, 11, 30, tzinfo=UTC)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FEES = {"price_per_request", "price_per_image", "price_per_web_search"}
# What a request may say in the package's words, one of its tiers at a time, and the words by which
# it says the same again.
CONTEXTS: tuple[dict[str, str], ...] = (
    {},
    {"processing": "batch"},
    *({"service_tier": tier} for tier in ("default", "flex", "priority")),
    {"speed": "fast"},
    {"route": "mistral/eu"},
    {"search_type": "fast", "processing": "batch"},
)
AGAIN = {"processing": "service_tier", "speed": "service_tier"}


def charged(model: ModelInfo, now: datetime = NOW, provider: str = "maker") -> Charged:
    read = read_prices(provider, model, now)
    return RawModel("m", prices=read.base, conditions=read.conditions).as_charged()


def prices_for(
    charged: Charged, at: datetime, tokens: int, context: Mapping[str, str]
) -> dict[str, Decimal]:
    """By docs/gateway.md: entries that hold, in order, axis by axis; without what is unknown."""
    request = request_keys(context)
    prices = {key: value for key, value in charged.items() if key != "conditions"}
    for condition in charged.get("conditions", []):
        if _holds(dict(condition), at, tokens, request):
            prices |= {k: v for k, v in condition.items() if k.startswith("price_per_")}
    return _known(prices)


def _holds(condition: Charged, at: datetime, tokens: int, request: Mapping[str, Any]) -> bool:
    keys = {k: v for k, v in condition.items() if not k.startswith("price_per_")}
    clock = at.hour * 100 + at.minute
    start, end = keys.pop("utc_start", 0), keys.pop("utc_end", 2400)
    return (
        datetime.fromisoformat(keys.pop("effective_from", "2000-01-01T00:00:00Z")) <= at
        and at < datetime.fromisoformat(keys.pop("effective_until", "3000-01-01T00:00:00Z"))
        and tokens > keys.pop("min_prompt_tokens", -1)
        and DAYS[at.weekday()] in keys.pop("utc_days", DAYS)
        and (start <= clock < end if start <= end else clock >= start or clock < end)
        and all(request.get(key) == value for key, value in keys.items())
    )


def _known(prices: Charged) -> dict[str, Decimal]:
    """A fee of 0 is none."""
    known = {key: Decimal(value) for key, value in prices.items() if value is not None}
    return {key: value for key, value in known.items() if value or key not in FEES}


def by_the_package(
    model: ModelInfo, at: datetime, tokens: int, context: Mapping[str, str]
) -> dict[str, Decimal]:
    prices: Charged = {}
    said = {**context, **{AGAIN[key]: context[key] for key in context.keys() & AGAIN.keys()}}
    for key, value in vars(model.get_prices(at, said)).items():
        if key in PRICE_KEYS and value is not None:
            axis, unit = PRICE_KEYS[key]
            amount = value
            if isinstance(value, TieredPrices):
                above = [tier.price for tier in value.tiers if tokens > tier.start]
                amount = above[-1] if above else value.base
            prices[axis.value] = to_canonical(RawPrice(axis, amount, unit, "", key)).usd
    return _known(prices)


def fold(charged: Charged, at: datetime) -> Charged:
    """What is announced for ``at`` or before becomes the price, and what has ended goes."""
    base = {key: value for key, value in charged.items() if key != "conditions"}
    conditions = []
    for condition in charged.get("conditions", []):
        begins = condition.get("effective_from", "2000-01-01T00:00:00Z")
        if datetime.fromisoformat(condition.get("effective_until", "3000-01-01T00:00:00Z")) <= at:
            continue
        rest = dict(condition)
        if datetime.fromisoformat(begins) <= at:
            rest.pop("effective_from", None)
        if any(not key.startswith("price_per_") for key in rest):
            conditions.append(rest)
        else:
            base |= rest
    return as_set(base | {"conditions": conditions})


def as_set(charged: Charged) -> Charged:
    base = _known({key: value for key, value in charged.items() if key != "conditions"})
    return {**base, "conditions": charged.get("conditions", [])}


def installed() -> list[tuple[str, ModelInfo]]:
    providers = data_snapshot.get_snapshot().providers
    return [(p.id, model) for p in providers for model in p.models]


@pytest.mark.parametrize("context", CONTEXTS, ids=str)
def test_every_installed_model_costs_what_the_package_says(context: dict[str, str]) -> None:
    moments = [
        # A Monday; from 2027 on with all that is announced.
        *(NOW.replace(hour=hour, minute=30) for hour in (0, 2, 5, 8, 12, 20)),
        datetime(2026, 12, 1, 12, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
        datetime(2027, 6, 7, 8, tzinfo=UTC),
    ]
    for provider, model in installed():
        known = charged(model, provider=provider)
        for at in moments:
            for tokens in (1, 150_000, 300_000):
                paid = prices_for(known, at, tokens, context)
                assert paid == by_the_package(model, at, tokens, context), (provider, model.id, at)


def test_announced_prices_become_what_is_read_on_their_day() -> None:
    announced = 0
    for provider, model in installed():
        known = charged(model, provider=provider)
        announced += any("effective_from" in each for each in known.get("conditions", []))
        for at in (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)):
            assert fold(known, at) == as_set(charged(model, at, provider)), (provider, model.id)
    assert announced >= 5


def test_at_weekends_deepseek_s_day_costs_what_its_night_does() -> None:
    saturday = datetime(2026, 12, 5, 2, tzinfo=UTC)
    for provider, model in installed():
        if (provider, model.id) in PEAK_DAYS:
            known = charged(model, provider=provider)
            night = prices_for(known, saturday.replace(hour=20), 1, {})
            assert prices_for(known, saturday, 1, {}) == night
            assert by_the_package(model, saturday, 1, {}) != night


def test_a_short_recording_costs_what_ten_seconds_do() -> None:
    checked = 0
    for provider, model in installed():
        if (provider, model.id) in MINIMUM_SECONDS:
            (batch,) = [
                each
                for each in charged(model, provider=provider)["conditions"]
                if each.get("max_audio_seconds") == 10 and each.get("service_tier") == "batch"
            ]
            second = by_the_package(model, NOW, 1, {"processing": "batch"})[
                "price_per_audio_second"
            ]
            assert abs(Decimal(batch["price_per_request"]) - 10 * second) < Decimal("1e-20")
            assert batch["price_per_audio_second"] == "0"
            checked += 1
    assert checked == len(MINIMUM_SECONDS)


# Random models: prices and variants with dates, windows, tiers and contexts of every kind.

AMOUNTS = st.integers(1, 9).map(Decimal)
TIERED = st.builds(
    lambda base, tiers: TieredPrices(base, [Tier(start, price) for start, price in tiers.items()]),
    AMOUNTS,
    st.dictionaries(st.sampled_from([100, 200, 300]), AMOUNTS, min_size=1),
)
PRICES = st.dictionaries(
    st.sampled_from(
        ["input_mtok", "output_mtok", "cache_read_mtok", "web_searches_kcount", "audio_hours"]
    ),
    st.one_of(AMOUNTS, TIERED),
).map(lambda prices: ModelPrice(**prices))
STARTS = st.integers(-2, 3).map(lambda days: StartDateConstraint(NOW.date() + timedelta(days=days)))
WINDOWS = st.tuples(st.integers(0, 23), st.integers(0, 23)).map(
    lambda hours: TimeOfDateConstraint(time(hours[0]), time(hours[1]))
)
CONSTRAINTS = st.one_of(st.none(), STARTS, WINDOWS)
VARIANTS = st.builds(PriceVariant, st.sampled_from([c for c in CONTEXTS if c]), PRICES, CONSTRAINTS)
MODELS = st.builds(
    lambda first, more, variants: ModelInfo(
        id="m",
        match=ClauseEquals("m"),
        prices=[ConditionalPrice(prices=first), *more],
        price_variants=variants,
    ),
    PRICES,
    st.lists(
        st.builds(lambda it, prices: ConditionalPrice(it, prices=prices), CONSTRAINTS, PRICES),
        max_size=4,
    ),
    st.lists(VARIANTS, max_size=4),
)
MINUTES = st.integers(0, 4 * 24 * 60 - 1)


@settings(deadline=None, max_examples=400)
@given(MODELS, MINUTES, st.sampled_from([1, 100, 101, 250, 301]), st.sampled_from(CONTEXTS))
def test_every_model_costs_what_the_package_would_say(
    model: ModelInfo, minutes: int, tokens: int, context: dict[str, str]
) -> None:
    at = NOW + timedelta(minutes=minutes)
    paid = prices_for(charged(model), at, tokens, context)
    assert paid == by_the_package(model, at, tokens, context)


@settings(deadline=None, max_examples=400)
@given(MODELS, st.integers(0, 4))
def test_every_announcement_becomes_what_is_read_on_its_day(model: ModelInfo, days: int) -> None:
    at = NOW + timedelta(days=days)
    assert fold(charged(model), at) == as_set(charged(model, at))


# Cases by name.


def model(prices: ModelPrice | list[ConditionalPrice], *variants: PriceVariant) -> ModelInfo:
    return ModelInfo(
        id="m", match=ClauseEquals("m"), prices=prices, price_variants=list(variants) or None
    )


def test_a_flat_price_of_a_variant_counts_above_the_standard_s_tiers_too() -> None:
    tiered = TieredPrices(Decimal(2), [Tier(200, Decimal(4))])
    batch = PriceVariant({"processing": "batch"}, ModelPrice(input_mtok=Decimal(1)))
    assert charged(model(ModelPrice(input_mtok=tiered), batch)) == {
        "price_per_input_token": "0.000002",
        "conditions": [
            {"min_prompt_tokens": 200, "price_per_input_token": "0.000004"},
            {"service_tier": "batch", "price_per_input_token": "0.000001"},
        ],
    }


def test_of_variants_for_the_same_request_the_first_wins_for_each_price() -> None:
    first = PriceVariant({"processing": "batch"}, ModelPrice(input_mtok=Decimal(1)))
    second = PriceVariant(
        {"processing": "batch"}, ModelPrice(input_mtok=Decimal(5), output_mtok=Decimal(2))
    )
    read = charged(model(ModelPrice(input_mtok=Decimal(9)), first, second))
    assert read["conditions"] == [
        {"service_tier": "batch", "price_per_output_token": "0.000002"},
        {"service_tier": "batch", "price_per_input_token": "0.000001"},
    ]


def test_what_a_later_price_lacks_is_unknown_from_its_day_on_and_a_fee_is_none() -> None:
    later = StartDateConstraint(date(2026, 12, 24))
    first = ModelPrice(
        input_mtok=Decimal(1), cache_read_mtok=Decimal("0.5"), web_searches_kcount=Decimal(10)
    )
    second = ConditionalPrice(later, prices=ModelPrice(input_mtok=Decimal(2)))
    read = charged(model([ConditionalPrice(prices=first), second]))
    assert read["conditions"] == [
        {
            "effective_from": "2026-12-24T00:00:00Z",
            "price_per_cache_read_token": None,
            "price_per_input_token": "0.000002",
            "price_per_web_search": "0",
        }
    ]


def test_two_prices_of_one_axis_must_agree() -> None:
    agreed = ModelPrice(audio_hours=Decimal("3.6"), input_audio_hours=Decimal("3.6"))
    assert charged(model(agreed)) == {"price_per_audio_second": "0.001"}
    differ = ModelPrice(audio_hours=Decimal("3.6"), input_audio_hours=Decimal("7.2"))
    read = read_prices("maker", model(differ), NOW)
    assert read.base == ()
    assert read.unread == {"audio_hours": "3.6", "input_audio_hours": "7.2"}
    one_of_them = PriceVariant({"processing": "batch"}, differ)
    read = read_prices("maker", model(agreed, one_of_them), NOW)
    assert read.conditions[0].unknown == (Axis.AUDIO_SECOND,)
    assert read.unread.keys() == {
        "processing=batch.audio_hours",
        "processing=batch.input_audio_hours",
    }
