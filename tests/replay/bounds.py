"""Every bound of the guards for one model: met exactly, and missed by the smallest step.

Prices are USD per 1M tokens (or per unit, for fees), under short names of the axes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

TOKENS = 1_000_000
TOKEN_AXES = (
    "input_token",
    "output_token",
    "cache_read_token",
    "cache_write_token",
    "cache_write_1h_token",
    "reasoning_token",
    "input_audio_token",
    "output_audio_token",
    "cache_read_audio_token",
    "input_image_token",
    "output_image_token",
)
FEES = ("image", "request", "web_search")
# Counted in units of their own.
OTHERS = ("input_character", "audio_second", "page", "video_second")

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ALWAYS: tuple[dict[str, Any], ...] = (
    {},
    {"min_prompt_tokens": 0},
    {"utc_days": DAYS},
    {"utc_start": 0, "utc_end": 2400},
    {"min_prompt_tokens": 0, "utc_days": DAYS},
    {"min_prompt_tokens": 0, "effective_from": "2099-01-01T00:00:00Z"},
)
NEARLY_ALWAYS: tuple[dict[str, Any], ...] = (
    {"min_prompt_tokens": 1},
    {"utc_days": DAYS[1:]},
    {"utc_start": 0, "utc_end": 2359},
    {"min_prompt_tokens": 0, "service_tier": "batch"},
)

Said = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """``accepted`` are written one after the other, then ``now`` is published: ``held`` as that
    class, or not.

    ``because`` are the kinds of evidence; ``catalogue`` is the catalogue's number for the model.
    """

    name: str
    accepted: tuple[Said, ...]
    now: Said
    held: str | None = None
    because: frozenset[str] = frozenset()
    catalogue: Said = field(default_factory=dict)


def row(case: Case, said: Said) -> dict[str, Any]:
    """A model as a price list has it."""
    return {"model_id": case.name, "name": case.name, "source": "api:openrouter", **prices(said)}


def prices(said: Said) -> dict[str, Any]:
    """USD for one unit by column, as text."""
    read: dict[str, Any] = {}
    for key, value in said.items():
        if key == "conditions":
            read[key] = [prices(condition) for condition in value]
        elif key in TOKEN_AXES:
            read[f"price_per_{key}"] = f"{Decimal(str(value)) / TOKENS:f}"
        elif key in FEES + OTHERS:
            read[f"price_per_{key}"] = str(value)
        else:
            read[key] = value
    return read


def _moves(name: str, before: object, now: object, held: str | None, *because: str) -> Case:
    accepted = ({"input_token": before, "output_token": 3},)
    said = {"input_token": now, "output_token": 3}
    return Case(name, accepted, said, held, frozenset(because))


def _first(name: str, now: object, held: str | None, *because: str, catalogue: object = 1) -> Case:
    numbers = {"input_token": catalogue}
    return Case(name, (), {"input_token": now}, held, frozenset(because), numbers)


def _later(name: str, now: object, held: str | None, *because: str) -> Case:
    """A price that was a third of that before."""
    before = {"input_token": Decimal(str(now)) / 3}
    return Case(
        f"{name}, later",
        (before,),
        {"input_token": now},
        held,
        frozenset(because),
        {"input_token": 1},
    )


def _condition(
    name: str, before: object, now: object, held: str | None, *because: str, base: object = 1
) -> Case:
    """A price for long prompts, ``before`` the change (None: absent)."""

    def said(price: object) -> Said:
        long = [{"min_prompt_tokens": 1000, "input_token": price}]
        return {"input_token": base, "conditions": [] if price is None else long}

    return Case(name, (said(before),), said(now), held, frozenset(because))


CASES = (
    _moves("10 times up", 1, 10, "large", "ratio"),
    _moves("less than 10 times up", 1, "9.99", None),
    _moves("10 times down", 10, 1, "large", "ratio"),
    _moves("less than 10 times down", "9.99", 1, None),
    _moves("100 times up", 1, 100, "unit", "ratio"),
    _moves("less than 100 times up", 1, "99.9", "large", "ratio"),
    _moves("100 times down", 100, 1, "unit", "ratio"),
    _moves("less than 100 times down", "99.9", 1, "large", "ratio"),
    *(
        Case(f"{axis} alone", ({axis: 1},), {axis: 10}, "large", frozenset({"ratio"}))
        for axis in TOKEN_AXES
    ),
    *(
        Case(f"{axis} alone", ({axis: 1},), {axis: 10}, "large", frozenset({"ratio"}))
        for axis in FEES + OTHERS
    ),
    *(Case(f"{axis} less than 10 times", ({axis: 1},), {axis: "9.9"}) for axis in FEES + OTHERS),
    *(
        Case(f"{axis} alone, 100 times", ({axis: 1},), {axis: 100}, "unit", frozenset({"ratio"}))
        for axis in FEES + OTHERS
    ),
    *(Case(f"{axis} has no band", ({axis: 999},), {axis: 1001}) for axis in FEES + OTHERS),
    *(Case(f"{fee} goes", ({fee: 1, "page": 1},), {"page": 1}) for fee in FEES),
    _moves("to zero", 1, 0, "unit", "zero"),
    Case(
        "to zero, said to be free",
        ({"input_token": 1},),
        {"input_token": 0, "free": True},
        "large",
        frozenset({"zero"}),
    ),
    Case(
        "to zero, said with another word",
        ({"input_token": 1},),
        {"input_token": 0, "is_free": True},
        "unit",
        frozenset({"zero"}),
    ),
    Case("to unknown", ({"input_token": 1, "output_token": 1},), {"output_token": 1}),
    Case("from zero", ({"input_token": 0},), {"input_token": 5}),
    Case(
        "back from zero",
        ({"input_token": 1}, {"input_token": 0}),
        {"input_token": 10},
        "large",
        frozenset({"ratio"}),
    ),
    Case(
        "back from unknown",
        ({"input_token": 1}, {"output_token": 1}),
        {"input_token": 100},
        "unit",
        frozenset({"ratio"}),
    ),
    Case(
        "to zero from unknown",
        ({"input_token": 1}, {"output_token": 1}),
        {"input_token": 0},
        "unit",
        frozenset({"zero"}),
    ),
    Case(
        "to zero from unknown, and 0 before that",
        ({"input_token": 1}, {"input_token": 0}, {"output_token": 1}),
        {"input_token": 0},
    ),
    Case(
        "two reasons",
        ({"input_token": 1, "output_token": 1},),
        {"input_token": 0, "output_token": 100},
        "unit",
        frozenset({"zero", "ratio"}),
    ),
    _moves("the lowest price", "0.002", "0.001", None),
    _moves("below the lowest price", "0.002", "0.00099", "unit", "band"),
    _moves("the highest price", 500, 1000, None),
    _moves("above the highest price", 500, "1000.1", "unit", "band"),
    Case(
        "outside, but not changed",
        ({"input_token": 2000, "output_token": 1},),
        {"input_token": 2000, "output_token": "1.5"},
    ),
    _first("first above the highest price", 1001, "unit", "band", catalogue=1001),
    _first("first below the lowest price", "0.0009", "unit", "band", catalogue="0.0009"),
    _first("first 0 beside the catalogue", 0, "unit", "zero"),
    _first("first 0, as in the catalogue", 0, None, catalogue=0),
    Case(
        "first 0 beside the catalogue, said to be free",
        (),
        {"input_token": 0, "free": True},
        catalogue={"input_token": 1},
    ),
    _first("100 times the catalogue", 100, "unit", "catalogue"),
    _first("1,000 times the catalogue", 500, "unit", "catalogue", catalogue="0.5"),
    _first("less than 10 times the catalogue", "9.9", None),
    _first("10 times the catalogue", 10, "large", "catalogue"),
    _first("less than 95 times the catalogue", "94.9", "large", "catalogue"),
    _first("300 times the catalogue", 300, "unit", "catalogue"),
    _first("more than a 10th of the catalogue", "0.11", None),
    _first("a 10th of the catalogue", "0.1", "large", "catalogue"),
    _first("more than 0.0105 of the catalogue", "0.01051", "large", "catalogue"),
    _later("105 times the catalogue", 105, "unit", "catalogue"),
    _later("more than 105 times the catalogue", "105.1", None),
    _later("95 times the catalogue", 95, "unit", "catalogue"),
    _later("less than 95 times the catalogue", "94.9", None),
    _later("a 100th of the catalogue", "0.01", "unit", "catalogue"),
    _later("10 times the catalogue", 10, None),
    _later("0.0105 of the catalogue", "0.0105", "unit", "catalogue"),
    _later("more than 0.0105 of the catalogue", "0.01051", None),
    _later("0.0095 of the catalogue", "0.0095", "unit", "catalogue"),
    _later("less than 0.0095 of the catalogue", "0.00949", None),
    _condition("a condition 10 times up", 1, 10, "large", "ratio"),
    _condition("a condition less than 10 times up", 1, "9.9", None),
    _condition("a condition to zero", 1, 0, "unit", "zero"),
    _condition("a new condition of zero", None, 0, "unit", "zero"),
    _condition("a condition above the highest price", 500, 1001, "unit", "band", base=500),
    _condition("a new condition far from the base", None, 99, None),
    _condition("a new condition 100 times the base", None, 100, "unit", "ratio"),
    _condition("a new condition above the highest price", None, 1001, "unit", "band", base=500),
    *(
        Case(
            f"a new condition that always holds, {', '.join(keys) or 'without a key'}",
            ({"input_token": 1},),
            {"input_token": 1, "conditions": [keys | {"input_token": 10}]},
            "large",
            frozenset({"ratio"}),
        )
        for keys in ALWAYS
    ),
    *(
        Case(
            f"a new condition that nearly always holds, {', '.join(keys)}",
            ({"input_token": 1},),
            {"input_token": 1, "conditions": [keys | {"input_token": 10}]},
        )
        for keys in NEARLY_ALWAYS
    ),
    Case(
        "a condition that always holds goes",
        ({"input_token": 1, "conditions": [{"min_prompt_tokens": 0, "input_token": 10}]},),
        {"input_token": 1},
        "large",
        frozenset({"ratio"}),
    ),
    Case(
        "a condition that always holds becomes the base price",
        ({"input_token": 1, "conditions": [{"min_prompt_tokens": 0, "input_token": 10}]},),
        {"input_token": 10},
    ),
)
