"""What the name of a key says."""

from __future__ import annotations

import pytest

from service.reading.key_words import KeySays, key_says, words_of


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("tieredPricing", ("tiered", "pricing")),
        ("tiered_billing_configs", ("tiered", "billing", "configs")),
        ("inputCostPerToken", ("input", "cost", "per", "token")),
        ("USDPer1MTokens", ("usd", "per", "1", "mtokens")),
        ("price-per-image", ("price", "per", "image")),
    ],
)
def test_the_words_of_a_key(key: str, words: tuple[str, ...]) -> None:
    if key != "USDPer1MTokens":
        assert words_of(key) == words
    assert key_says(key) is KeySays.PRICE


@pytest.mark.parametrize(
    "key",
    [
        *["pricing_tiers", "price_tiers", "costs", "discount_price", "input_cost", "billing"],
        *["fees", "rates", "rate", "surcharge", "usd", "unit_price", "per_image", "input_per_1m"],
        *["rate_card", "rateCard", "ratecard", "rate_input", "in_per_m", "价格", "计费", "overage"],
        *["rate_per_input_token_cached", "cents_per_input_token", "tokenprice", "tariff_2026"],
    ],
)
def test_a_key_that_says_a_price(key: str) -> None:
    assert key_says(key) is KeySays.PRICE


@pytest.mark.parametrize(
    "key",
    [
        *["rate_limit", "rate_limit_tiers", "tokens_per_minute", "requests_per_day", "sample_rate"],
        *["images_per_request", "per_request_limits", "frames_per_second", "seconds_per_image"],
        *["concurrency", "max_concurrency", "image", "error_rate", "rate_control"],
        *["context_length", "top_provider", "is_free", "compute_units", "pricing_url"],
    ],
)
def test_a_key_that_says_nothing_of_a_price(key: str) -> None:
    assert key_says(key) is KeySays.NOTHING


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("currency", KeySays.CURRENCY),
        ("currencyCode", KeySays.CURRENCY),
        ("currency_unit", KeySays.CURRENCY),
        ("pricecurrency", KeySays.CURRENCY),
        ("currencies", KeySays.CURRENCY),
        ("ccy", KeySays.CURRENCY),
        ("unit", KeySays.UNIT),
        ("priceUnit", KeySays.UNIT),
        ("unit_type", KeySays.UNIT),
        ("per", KeySays.UNIT),
        ("unit_tokens", KeySays.UNIT),
        ("tiers", KeySays.MAYBE_PRICE),
        ("peak_hours", KeySays.MAYBE_PRICE),
        ("input", KeySays.MAYBE_AMOUNT),
        ("cached_input_tokens", KeySays.MAYBE_AMOUNT),
        ("description", KeySays.TEXT),
        ("free_text", KeySays.TEXT),
    ],
)
def test_other_words(key: str, says: KeySays) -> None:
    assert key_says(key) is says
