"""Each adapter gives the prices in the provider's own documentation, in USD per 1M tokens.

Each price is written down twice: in a short body of the same shape and, where there is a folder of
recordings, in the recorded sample itself.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from service.errors import ParseError
from service.prices.price_list import to_apply_rows
from service.providers.adapter import adapter
from tests.support.recordings import RECORDINGS, needs_recordings

IN = "price_per_input_token"
OUT = "price_per_output_token"
CACHE = "price_per_cache_read_token"
PER_1M = {IN, OUT, CACHE}

ALIBABA = {
    "success": True,
    "output": {
        "total": 1,
        "page_no": 1,
        "page_size": 100,
        "models": [
            {
                "model": "m",
                "prices": [
                    {
                        "range_name": "0<Token<=32k",
                        "prices": [
                            {"type": "input_token", "price": "0.03", "price_unit": "Per 1M tokens"},
                            {
                                "type": "output_token",
                                "price": "0.13",
                                "price_unit": "per 1m tokens",
                            },
                        ],
                    }
                ],
            }
        ],
    },
}
# A body in the provider's shape with one model, and its prices in USD per 1M tokens.
DOCUMENTED: dict[str, tuple[Any, dict[str, str]]] = {
    "nearai": (
        {
            "data": [
                {
                    "id": "m",
                    "pricing": {
                        "input": 0.15,
                        "output": 0.5,
                        "prompt": "0.00000015",
                        "completion": "0.0000005",
                    },
                }
            ]
        },
        {IN: "0.15", OUT: "0.5"},
    ),
    "novita": (
        {
            "data": [
                {"id": "m", "input_token_price_per_m": 630, "output_token_price_per_m": 630},
            ]
        },
        {IN: "0.063", OUT: "0.063"},
    ),
    "deepinfra": (
        {
            "data": [
                {
                    "id": "m",
                    "metadata": {
                        "pricing": {"input_tokens": 0.26, "output_tokens": 2.5999999999999996}
                    },
                }
            ]
        },
        {IN: "0.26", OUT: "2.6"},
    ),
    "cerebras": (
        {"data": [{"id": "m", "pricing": {"prompt": "0.00000099", "completion": "0.00000149"}}]},
        {IN: "0.99", OUT: "1.49"},
    ),
    "together": (
        [{"id": "m", "type": "chat", "pricing": {"hourly": 0, "input": 0.88, "output": 0.88}}],
        {IN: "0.88", OUT: "0.88"},
    ),
    "alibaba-cloud": (ALIBABA, {IN: "0.03", OUT: "0.13"}),
    "nebius": (
        {"data": [{"id": "m", "pricing": {"prompt": "0.00000013", "completion": "0.0000004"}}]},
        {IN: "0.13", OUT: "0.4"},
    ),
    "aihubmix": (
        {"data": [{"model_id": "m", "types": "llm", "pricing": {"input": 1.25, "output": 10}}]},
        {IN: "1.25", OUT: "10"},
    ),
}


def read(slug: str, answer: Any) -> dict[str, dict[str, Any]]:
    """The rows for the database, by model."""
    listed = adapter(slug).parse(json.dumps(answer).encode())
    assert listed.skipped == ()
    assert listed.unknown_keys == ()
    rows: list[dict[str, Any]] = to_apply_rows(listed, slug, f"api:{slug}")
    return {row["model_id"]: row for row in rows}


def per_1m(row: dict[str, Any]) -> dict[str, Decimal]:
    """The prices per token of a row or a condition, in USD per 1M."""
    return {axis: Decimal(row[axis]) * 1_000_000 for axis in PER_1M if axis in row}


def amounts(**prices: Any) -> dict[str, Decimal]:
    """The expected prices under short names; a price that is None is not expected."""
    axes = {"input": IN, "output": OUT, "cache": CACHE}
    return {axes[key]: Decimal(str(value)) for key, value in prices.items() if value is not None}


def recorded(name: str) -> Any:
    return json.loads((RECORDINGS / name).read_bytes())


@pytest.mark.parametrize("slug", DOCUMENTED)
def test_a_documented_number_is_that_number_per_1m(slug: str) -> None:
    answer, expected = DOCUMENTED[slug]
    assert per_1m(read(slug, answer)["m"]) == {k: Decimal(v) for k, v in expected.items()}


@needs_recordings
def test_nearai() -> None:
    rows = read("nearai", recorded("nearai-shape-2026.json")["v1_models"])
    assert per_1m(rows["zai-org/GLM-5.3-Flash"]) == amounts(input=0.15, output=0.5, cache=0.035)
    assert rows["zai-org/GLM-5.3-Flash"]["name"] == "GLM 5.3 Flash"


@needs_recordings
def test_alibaba_cloud() -> None:
    rows = read("alibaba-cloud", recorded("alibaba-shape-2026.json"))
    flash = rows["qwen3.7-flash"]
    assert per_1m(flash) == amounts(input="0.03", output="0.13")
    (long,) = flash["conditions"]
    assert per_1m(long) == amounts(input="0.1", output="0.4")
    assert long["min_prompt_tokens"] == 32_000
    assert rows["qwen-image-max"]["price_per_image"] == "0.075"


@needs_recordings
@pytest.mark.parametrize("origin", ["docs", "openapi", "with_cached_input"])
def test_together(origin: str) -> None:
    entries = recorded("together-sample.json")[origin]
    rows = read("together", entries)
    assert rows.keys() == {entry["id"] for entry in entries}
    for entry in entries:
        said = entry["pricing"]
        assert per_1m(rows[entry["id"]]) == amounts(
            input=said["input"], output=said["output"], cache=said.get("cached_input")
        )
    if origin == "docs":
        (row,) = rows.values()
        assert per_1m(row) == amounts(input="0.88", output="0.88")


@needs_recordings
def test_cerebras() -> None:
    answer = recorded("cerebras-public-2026.json")
    rows = read("cerebras", answer)
    for entry in answer["data"]:
        said = entry["pricing"]
        assert per_1m(rows[entry["id"]]) == amounts(
            input=Decimal(said["prompt"]) * 1_000_000,
            output=Decimal(said["completion"]) * 1_000_000,
        )
    assert per_1m(rows["gemma-4-31b"]) == amounts(input="0.99", output="1.49")


@needs_recordings
def test_novita() -> None:
    answer = recorded("novita-sample-2024.json")
    rows = read("novita", answer)
    for entry in answer["data"]:
        assert per_1m(rows[entry["id"]]) == amounts(
            input=Decimal(entry["input_token_price_per_m"]) / 10_000,
            output=Decimal(entry["output_token_price_per_m"]) / 10_000,
        )
    assert per_1m(rows["meta-llama/llama-3-8b-instruct"])[IN] == Decimal("0.063")


@needs_recordings
def test_deepinfra() -> None:
    rows = read("deepinfra", recorded("deepinfra-2026-03-01.json"))
    assert per_1m(rows["Qwen/Qwen3-Max"]) == amounts(input="1.2", output="6", cache="0.24")


@needs_recordings
def test_nebius_without_its_prices_is_refused() -> None:
    with pytest.raises(ParseError, match="None of the 46 models has pricing"):
        read("nebius", recorded("nebius-without-verbose-2026-02-20.json"))


@needs_recordings
def test_groq_and_fireworks_list_models_without_prices() -> None:
    groq = recorded("groq-sample.json")
    assert read("groq", groq).keys() == {entry["id"] for entry in groq["data"]}
    sample = recorded("requesty-poe-kilo-fireworks-samples-2026-06.json")["fireworks"]
    rows = read("fireworks", {"object": "list", "data": [sample]})
    assert per_1m(rows["accounts/fireworks/models/glm-5"]) == {}
