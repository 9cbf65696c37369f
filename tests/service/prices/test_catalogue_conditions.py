"""What the catalogue says in other words than ours, and in comments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from genai_prices import Usage, data_snapshot
from genai_prices.types import ModelInfo, Provider, TimeOfDateConstraint

from service.prices.catalogue_conditions import MINIMUM_SECONDS, PEAK_DAYS, request_keys

# Words of comments that say that a daily window is not for every day.
DAY_WORDS = ("monday", "tuesday", "friday", "saturday", "sunday", "weekend", "weekday")


@pytest.mark.parametrize(
    ("when", "keys"),
    [
        ({"processing": "batch"}, {"service_tier": "batch"}),
        ({"service_tier": "flex"}, {"service_tier": "flex"}),
        ({"speed": "fast"}, {"service_tier": "fast"}),
        ({"route": "mistral/eu"}, {"upstream": "mistral/eu"}),
        ({"search_type": "fast"}, {"search_type": "fast"}),
        ({"region": "eu", "speed": "fast"}, {"region": "eu", "service_tier": "fast"}),
        # Not understood: verbatim, so that what they price is unknown.
        ({"processing": "async"}, {"processing": "async"}),
        ({"moon": "full"}, {"moon": "full"}),
        # Words that mean something else here, and two keys for one of ours.
        ({"min_prompt_tokens": "9"}, {"when.min_prompt_tokens": "9"}),
        ({"price_per_page": "9"}, {"when.price_per_page": "9"}),
        (
            {"processing": "batch", "service_tier": "flex"},
            {"when.processing": "batch", "when.service_tier": "flex"},
        ),
    ],
    ids=str,
)
def test_keys_of_a_request(when: dict[str, str], keys: dict[str, str]) -> None:
    assert request_keys(when) == keys


def known(provider: str, model_id: str) -> tuple[Provider, ModelInfo]:
    (found,) = (p for p in data_snapshot.get_snapshot().providers if p.id == provider)
    (model,) = (m for m in found.models if m.id == model_id)
    return found, model


def test_every_daily_window_whose_comment_has_weekdays_is_in_the_table() -> None:
    """Fails with a version of the package that says something new: read its comment then."""
    said = {
        (provider.id, model.id): model.price_comments or ""
        for provider in data_snapshot.get_snapshot().providers
        for model in provider.models
        if isinstance(model.prices, list)
        and any(isinstance(each.constraint, TimeOfDateConstraint) for each in model.prices)
    }
    of_days = {key for key, text in said.items() if any(w in text.lower() for w in DAY_WORDS)}
    assert of_days == PEAK_DAYS.keys()
    for key, words in PEAK_DAYS.items():
        assert words in said[key]


def test_those_windows_are_on_the_same_day_in_beijing_and_in_utc() -> None:
    for key in PEAK_DAYS:
        prices = known(*key)[1].prices
        assert isinstance(prices, list)
        for each in prices:
            if isinstance(window := each.constraint, TimeOfDateConstraint):
                assert window.start_time < window.end_time
                for at in (window.start_time, window.end_time):
                    day = datetime.combine(datetime(2026, 11, 30), at).astimezone(UTC)
                    assert (day + timedelta(hours=8)).date() == day.date()


@pytest.mark.parametrize("key", MINIMUM_SECONDS, ids=str)
def test_the_package_bills_the_same_minimum(key: tuple[str, str]) -> None:
    provider, model = known(*key)

    def paid(seconds: int) -> Decimal:
        usage = Usage(audio_seconds=seconds, input_audio_seconds=seconds)
        return model.calc_price(usage, provider).total_price

    least = MINIMUM_SECONDS[key]
    assert paid(1) == paid(least - 1) == paid(least) < paid(least + 1)
