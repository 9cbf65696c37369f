"""Makes keys of a condition that an adapter does not understand part of the condition.

A price under such a key must not look as if it always held: where the condition's other keys hold,
the price is unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pydantic import JsonValue

from service.reading.entry_words import says_nothing
from service.reading.key_words import KeySays, key_says
from service.reading.wire import printable, verbatim

# Keys with a meaning of their own in a stored condition; ``price_per_...`` would be a price.
_TAKEN = frozenset(
    {
        *("min_prompt_tokens", "utc_days", "utc_start", "utc_end"),
        *("effective_from", "effective_until", "max_audio_seconds"),
    }
)
_ELSEWHERE = {KeySays.CURRENCY, KeySays.UNIT, KeySays.TEXT}


def not_understood(said: Mapping[str, object], understood: Collection[str]) -> dict[str, JsonValue]:
    """The keys of ``said`` that are not understood, verbatim, as keys of a condition.

    Empty values say nothing; words about currency and unit are read in one place for all entries.
    """
    return {
        condition_key(key): verbatim(value)
        for key, value in said.items()
        if key not in understood
        and key_says(key) not in _ELSEWHERE
        # In a condition ``false`` says something.
        and (value is False or not says_nothing(key, value))
    }


def condition_key(key: str) -> str:
    """A provider's key as one of a condition, without another meaning there."""
    if key in _TAKEN or key.startswith("price_per_"):
        return f"published {printable(key)}"
    return printable(key)
