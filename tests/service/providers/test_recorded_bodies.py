"""Recorded bodies of providers are parsed, if the folder of recordings exists."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from typing import Any

import pytest

from service.prices.price_list import PriceList, to_apply_rows
from service.providers.adapter import adapter
from tests.support.recordings import RECORDINGS, needs_recordings, recordings

OPENROUTER = recordings(
    "openrouter-20*.json", "openrouter-monthly/*.json.gz", "openrouter-edge-cases-*.json"
)
DEEPINFRA = recordings("deepinfra-20*.json")

pytestmark = needs_recordings

# Written out a second time on purpose: people read these columns.
OPENROUTER_COLUMNS = {
    "prompt": "price_per_input_token",
    "completion": "price_per_output_token",
    "request": "price_per_request",
    "image": "price_per_image",
    "image_output": "price_per_output_image_token",
    "audio": "price_per_input_audio_token",
    "audio_output": "price_per_output_audio_token",
    "input_audio_cache": "price_per_cache_read_audio_token",
    "web_search": "price_per_web_search",
    "internal_reasoning": "price_per_reasoning_token",
    "input_cache_read": "price_per_cache_read_token",
    "input_cache_write": "price_per_cache_write_token",
    "input_cache_write_1h": "price_per_cache_write_1h_token",
}
DEEPINFRA_COLUMNS = {
    "input_tokens": "price_per_input_token",
    "output_tokens": "price_per_output_token",
    "cache_read_tokens": "price_per_cache_read_token",
    "cache_write_tokens": "price_per_cache_write_token",
}
NOT_AXES = {"model_id", "name", "source", "free", "conditions", "extra", "raw"}


def body_of(recording: Path) -> bytes:
    data = recording.read_bytes()
    return gzip.decompress(data) if recording.suffix == ".gz" else data


def read(slug: str, body: bytes) -> tuple[PriceList, dict[str, dict[str, Any]]]:
    listed = adapter(slug).parse(body)
    rows: list[dict[str, Any]] = to_apply_rows(listed, slug, f"api:{slug}")
    return listed, {row["model_id"]: row for row in rows}


def amounts(row: dict[str, Any], besides: set[str] = NOT_AXES) -> dict[str, Decimal]:
    return {key: Decimal(value) for key, value in row.items() if key not in besides}


@pytest.mark.parametrize("recording", OPENROUTER, ids=lambda path: path.name)
def test_openrouter_arrives_number_by_number(recording: Path) -> None:
    body = body_of(recording)
    published = {entry["id"]: entry for entry in json.loads(body)["data"]}

    listed, rows = read("openrouter", body)

    assert rows.keys() == published.keys()
    assert listed.skipped == ()
    assert listed.unknown_keys == ()
    for model_id, entry in published.items():
        pricing = entry["pricing"]
        overrides = pricing.get("overrides", [])
        expected = openrouter_columns(pricing)
        if zeros_say_nothing(entry, expected):
            expected = {}
        if windows := [each for each in overrides if each.keys() & {"utc_start"}]:
            assert overrides == windows
            expected |= price_of_most_of_the_day(windows)
        assert amounts(rows[model_id]) == without_filling(expected), model_id
        conditions = rows[model_id].get("conditions", [])
        assert len(conditions) == len(overrides)
        for condition, override in zip(conditions, overrides, strict=True):
            assert amounts(condition, besides=set()) == openrouter_columns(override)
            assert all(amounts(condition, besides=set()).values()), "a zero needs a rule here"


def openrouter_columns(pricing: dict[str, str]) -> dict[str, Decimal]:
    columns = dict(OPENROUTER_COLUMNS)
    if "image" in pricing and Decimal(pricing["image"]) == Decimal(pricing["prompt"]) != 0:
        columns["image"] = "price_per_input_image_token"
    return {
        columns.get(key, key): Decimal(value)
        for key, value in pricing.items()
        if key not in {"overrides", "discount"} and value != "-1"
    }


def without_filling(columns: dict[str, Decimal]) -> dict[str, Decimal]:
    """Zeros that are left out: all but those for input and output; in a free model, only fees."""
    stay = {"price_per_input_token", "price_per_output_token", "price_per_output_image_token"}
    if not any(columns.values()):
        stay = columns.keys() - {
            *("price_per_request", "price_per_image", "price_per_web_search"),
            "price_per_reasoning_token",
        }
    return {key: price for key, price in columns.items() if price or key in stay}


def zeros_say_nothing(entry: dict[str, Any], columns: dict[str, Decimal]) -> bool:
    modalities = entry.get("architecture", {}).get("output_modalities", ["text"])
    return modalities != ["text"] and set(columns.values()) == {Decimal(0)}


def price_of_most_of_the_day(windows: list[dict[str, str]]) -> dict[str, Decimal]:
    """Ask at each minute which window holds; the windows do not overlap."""
    prices: Counter[tuple[tuple[str, str], ...]] = Counter()
    for hour in range(24):
        for clock in range(hour * 100, hour * 100 + 60):
            (now,) = (
                window
                for window in windows
                if (int(window["utc_start"]) - clock - 1) % 2400
                >= (int(window["utc_end"]) - clock - 1) % 2400
            )
            prices[tuple((k, v) for k, v in now.items() if not k.startswith("utc_"))] += 1
    return openrouter_columns(dict(prices.most_common(1)[0][0]))


@pytest.mark.parametrize("recording", DEEPINFRA, ids=lambda path: path.name)
def test_deepinfra_arrives_number_by_number(recording: Path) -> None:
    body = body_of(recording)
    entries = json.loads(body, parse_float=Decimal)["data"]
    published = {entry["id"]: entry for entry in entries}

    listed, rows = read("deepinfra", body)

    assert rows.keys() == published.keys()
    assert listed.skipped == ()
    assert listed.unknown_keys == ()
    twelve = Context(prec=12, rounding=ROUND_HALF_EVEN)
    for model_id, entry in published.items():
        pricing = (entry["metadata"] or {}).get("pricing") or {}
        expected = {
            DEEPINFRA_COLUMNS[key]: twelve.plus(value) / Decimal(1_000_000)
            for key, value in pricing.items()
        }
        assert amounts(rows[model_id]) == expected, model_id
        raw = {key: told["text"] for key, told in rows[model_id]["raw"].items()}
        assert raw == {key: str(value) for key, value in pricing.items()}


def test_models_whose_price_is_dynamic_are_there_and_unknown() -> None:
    recording = RECORDINGS / "openrouter-2026-08-22.json"
    _, rows = read("openrouter", body_of(recording))
    for model_id in ("openrouter/auto", "openrouter/auto-beta", "openrouter/fusion"):
        assert amounts(rows[model_id]) == {}
        assert rows[model_id]["raw"]["prompt"] == {"text": "-1"}
