"""Random models and requests: conditions of every key, and usages that may fulfil them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.db.pricing import Row

AXES = {
    "input_tokens": "price_per_input_token",
    "output_tokens": "price_per_output_token",
    "cache_read_tokens": "price_per_cache_read_token",
    "cache_write_tokens": "price_per_cache_write_token",
    "cache_write_1h_tokens": "price_per_cache_write_1h_token",
    "reasoning_tokens": "price_per_reasoning_token",
    "input_audio_tokens": "price_per_input_audio_token",
    "output_audio_tokens": "price_per_output_audio_token",
    "cache_read_audio_tokens": "price_per_cache_read_audio_token",
    "input_image_tokens": "price_per_input_image_token",
    "output_image_tokens": "price_per_output_image_token",
    "images": "price_per_image",
    "requests": "price_per_request",
    "web_searches": "price_per_web_search",
    "input_characters": "price_per_input_character",
    "audio_seconds": "price_per_audio_second",
    "pages": "price_per_page",
    "video_seconds": "price_per_video_second",
}
INPUT_PARTS = (
    *("cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens"),
    *("input_audio_tokens", "cache_read_audio_tokens", "input_image_tokens"),
)
WHOLES = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
OUTPUT_PARTS = ("reasoning_tokens", "output_audio_tokens", "output_image_tokens")
WORDS: dict[str, Sequence[Any]] = {
    "service_tier": ("batch", "flex", "priority", "fast"),
    "region": ("eu", "us"),
    "upstream": ("mistral/eu",),
    "cache_ttl": ("5m", "1h"),
    "search_type": ("web", "fast"),
    "image_size": ("1024x1024", "512x512"),
    "image_quality": ("high", "low"),
    "thinking": (True, False),
}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
START = datetime(2026, 1, 1, tzinfo=UTC)
# Moments of announcements lie in these days, a whole hour each.
DAYS_OF_ANNOUNCEMENTS = 60


def random_set(chance: random.Random) -> Row:
    """A price set with up to five conditions."""
    found: Row = random_prices(chance, len(AXES))
    conditions = [random_condition(chance) for _ in range(chance.randrange(6))]
    return found | ({"conditions": conditions} if conditions else {})


def random_condition(chance: random.Random) -> Row:
    found: Row = {}
    for key in chance.sample(
        ("tokens", "days", "window", "from", "until", "word", "seconds", "strange"),
        chance.choice((1, 1, 1, 2, 2, 3)),
    ):
        found |= _keys(chance, key)
    return found | {
        axis: None if chance.random() < 0.1 else amount
        for axis, amount in random_prices(chance, 3).items()
    }


def _keys(chance: random.Random, kind: str) -> Row:
    match kind:
        case "tokens":
            return {"min_prompt_tokens": chance.choice((0, 1000, 5000))}
        case "days":
            return {"utc_days": chance.sample(DAYS, 2)}
        case "window":
            start, end = chance.sample(range(24), 2)
            return {"utc_start": start * 100, "utc_end": end * 100 + 30}
        case "from":
            return {"effective_from": moment(chance)}
        case "until":
            return {"effective_until": moment(chance)}
        case "word":
            word = chance.choice(list(WORDS))
            return {word: chance.choice(WORDS[word])}
        case "seconds":
            return {"max_audio_seconds": chance.choice((10, 10.1, 60))}
    return dict([chance.choice([("phase_of_moon", "full"), ("service_tier", 7), ("utc_start", 1)])])


def moment(chance: random.Random) -> str:
    at = START + timedelta(hours=chance.randrange(24 * DAYS_OF_ANNOUNCEMENTS))
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def random_prices(chance: random.Random, most: int) -> Row:
    axes = chance.sample(list(AXES.values()), chance.randint(1, most))
    if chance.random() < 0.9:
        axes = list(dict.fromkeys(["price_per_input_token", "price_per_output_token", *axes]))
    return {axis: _amount(chance) for axis in axes}


def _amount(chance: random.Random) -> str:
    return chance.choice(("0", f"0.{chance.randrange(1, 10**9):09}", str(chance.randrange(1, 50))))


def random_usage(chance: random.Random) -> Row:
    """Counts with parts that fit their wholes, of which some have their other name, and words."""
    found: Row = {}
    for whole, parts in (("input_tokens", INPUT_PARTS), ("output_tokens", OUTPUT_PARTS)):
        counts = {part: chance.randrange(1, 2000) for part in parts if chance.random() < 0.15}
        found |= counts
        name = chance.choice((whole, whole, whole, WHOLES[whole]))
        # A whole that is left out is the sum of its parts.
        if not counts or chance.random() < 0.9:
            found[name] = sum(counts.values()) + chance.choice((0, 1, 999, 1000, 1001, 6000))
    for key in ("images", "web_searches", "input_characters", "pages"):
        if chance.random() < 0.15:
            found[key] = chance.randrange(1, 5000)
    for key in ("audio_seconds", "video_seconds"):
        if chance.random() < 0.15:
            found[key] = chance.choice(("10", 10.1, "10.5", "59.25", "61"))
    if chance.random() < 0.1:
        found["requests"] = chance.randrange(4)
    for word, values in WORDS.items():
        if chance.random() < 0.3:
            found[word] = chance.choice(values)
    return found


def random_time(chance: random.Random) -> datetime:
    """Around the announcements, minutes and the edges of hours included."""
    hours = chance.randrange(-48, 24 * (DAYS_OF_ANNOUNCEMENTS + 2))
    return START + timedelta(hours=hours, minutes=chance.choice((0, 0, 29, 30, 59)))
