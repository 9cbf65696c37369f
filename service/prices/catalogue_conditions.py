"""Translates what a request must say for a price of the catalogue, and adds what it says in words.

The package has conditions that its structures cannot express, and mentions them in comments. Each
table here names its source; a test compares it with the installed package.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

# The package's keys and values, and ours.
TIERS = {
    ("processing", "batch"): "batch",
    ("speed", "fast"): "fast",
}
RENAMED = {"route": "upstream"}
# Keys of a condition that say something else than what a request names.
RESERVED = frozenset(
    {
        "min_prompt_tokens",
        "max_audio_seconds",
        "utc_days",
        "utc_start",
        "utc_end",
        "effective_from",
        "effective_until",
        "thinking",
    }
)

AXES = "price_per_"

WORKING_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
# Models whose daily windows are of working days only, with words of their price_comments. In
# Beijing, whose days count, these windows are on the same day as in UTC.
PEAK_DAYS = {
    ("deepseek", "deepseek-flash"): "Monday to Friday, everything else is off-peak",
    ("deepseek", "deepseek-v4-flash"): "Weekends are off-peak all day from 2026-08-23",
    ("deepseek", "deepseek-v4-pro"): "off-peak all day at weekends (Beijing time)",
}
# Seconds of audio that a request is billed at least (ModelInfo.calc_price of the package).
MINIMUM_SECONDS = {
    ("groq", "whisper-large-v3"): 10,
    ("groq", "whisper-large-v3-turbo"): 10,
}


def request_keys(when: Mapping[str, str]) -> dict[str, JsonValue]:
    """The condition's keys for the package's ``when``; what is not understood stays verbatim."""
    named = {key: _request_key(key, value) for key, value in when.items()}
    names = [name for name, _ in named.values()]
    keys: dict[str, JsonValue] = {}
    for key, (name, said) in named.items():
        # Of two keys for one of ours it is not known which counts.
        is_ours = names.count(name) == 1 and name not in RESERVED and not name.startswith(AXES)
        keys[name if is_ours else f"when.{key}"] = said if is_ours else when[key]
    return keys


def _request_key(key: str, value: str) -> tuple[str, str]:
    tier = TIERS.get((key, value))
    return ("service_tier", tier) if tier else (RENAMED.get(key, key), value)


def peak_days(provider: str, model_id: str) -> tuple[str, ...]:
    """The weekdays of the model's daily windows; empty for all."""
    return WORKING_DAYS if (provider, model_id) in PEAK_DAYS else ()


def billed_minimum(provider: str, model_id: str) -> int | None:
    """The seconds of audio that each request is billed at least."""
    return MINIMUM_SECONDS.get((provider, model_id))
