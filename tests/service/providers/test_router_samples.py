"""Recorded samples of routers and hosts give the USD per 1M tokens that they document."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from service.prices.price_list import PriceList, to_apply_rows
from service.providers.adapter import adapter
from tests.support.recordings import RECORDINGS, needs_recordings

pytestmark = needs_recordings

# Columns of prices, as USD per 1M tokens.
COLUMNS = {
    "input": "price_per_input_token",
    "output": "price_per_output_token",
    "cache_read": "price_per_cache_read_token",
    "cache_write": "price_per_cache_write_token",
}
DOCUMENTED: list[tuple[str, str, tuple[str, ...], str, dict[str, str]]] = [
    (
        "chutes",
        "chutes-sample-2026.json",
        ("2026-05-10",),
        "Qwen/Qwen3-32B-TEE",
        {"input": "0.08", "output": "0.24", "cache_read": "0.04"},
    ),
    (
        "chutes",
        "chutes-sample-2026.json",
        ("2026-07-26",),
        "Qwen/Qwen3-32B-TEE",
        {"input": "0.104", "output": "0.416", "cache_read": "0.052"},
    ),
    (
        "huggingface",
        "huggingface-2026-07-30.json",
        (),
        "moonshotai/Kimi-K3:together",
        {"input": "3", "output": "15"},
    ),
    (
        "huggingface",
        "huggingface-2026-07-30.json",
        (),
        "zai-org/GLM-5.2:fireworks-ai",
        {"input": "1.4", "output": "4.4"},
    ),
    (
        "huggingface",
        "huggingface-2026-07-30.json",
        (),
        "thinkingmachines/Inkling:fireworks-ai",
        {},
    ),
    (
        "huggingface",
        "huggingface-2026-07-30.json",
        (),
        "prism-ml/Ternary-Bonsai-27B-gguf:together",
        {},
    ),
    (
        "vercel",
        "vercel-sample-2026-08.json",
        ("list",),
        "anthropic/claude-haiku-4.5",
        {"input": "1", "output": "5", "cache_read": "0.1", "cache_write": "1.25"},
    ),
    (
        "vercel",
        "vercel-sample-2026-08.json",
        ("list",),
        "alibaba/qwen-3-14b",
        {"input": "0.12", "output": "0.24"},
    ),
    (
        "requesty",
        "requesty-poe-kilo-fireworks-samples-2026-06.json",
        ("requesty",),
        "alibaba/qwen3.7-max",
        {"input": "2.5", "output": "7.5", "cache_read": "0.25", "cache_write": "3.125"},
    ),
    (
        "ovhcloud",
        "ovhcloud-2026-07-30.json",
        (),
        "gpt-oss-120b",
        {"input": "0.09", "output": "0.47"},
    ),
    ("ovhcloud", "ovhcloud-2026-07-30.json", (), "bge-m3", {"input": "0.01", "output": "0"}),
    ("ovhcloud", "ovhcloud-2026-07-30.json", (), "whisper-large-v3-turbo", {}),
    ("ovhcloud", "ovhcloud-2026-07-30.json", (), "Qwen3Guard-Gen-8B", {}),
    (
        "openrouter",
        "openrouter-2026-08-22.json",
        (),
        "qwen/qwen3.7-flash",
        {"input": "0.03", "output": "0.13", "cache_read": "0.006", "cache_write": "0.038"},
    ),
    (
        "openrouter",
        "openrouter-2026-08-22.json",
        (),
        "deepseek/deepseek-v4-flash-vision-exp",
        {"input": "0.22", "output": "0.66", "cache_read": "0.007"},
    ),
    ("openrouter", "openrouter-2026-08-22.json", (), "google/lyria-3-pro-preview", {}),
]


def parse(slug: str, file: str, inside: tuple[str, ...]) -> PriceList:
    found: Any = json.loads((RECORDINGS / file).read_bytes())
    for key in inside:
        found = found[key]
    body = found if "data" in found else {"data": [found]}
    # The numbers stay as sent: a float prints as the shortest text that reads as the same float.
    return adapter(slug).parse(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("slug", "file", "inside", "model_id", "usd_per_1m"),
    DOCUMENTED,
    ids=[f"{slug}-{model_id}" for slug, _, _, model_id, _ in DOCUMENTED],
)
def test_a_sample_costs_what_is_documented(
    slug: str, file: str, inside: tuple[str, ...], model_id: str, usd_per_1m: dict[str, str]
) -> None:
    listed = parse(slug, file, inside)
    (row,) = (
        row for row in to_apply_rows(listed, slug, f"api:{slug}") if row["model_id"] == model_id
    )
    found = {
        name: Decimal(str(row[column])) * 1_000_000
        for name, column in COLUMNS.items()
        if column in row
    }
    assert found == {name: Decimal(usd) for name, usd in usd_per_1m.items()}


@pytest.mark.parametrize(
    ("slug", "file", "inside"),
    sorted({(slug, file, inside) for slug, file, inside, _, _ in DOCUMENTED}),
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else value,
)
def test_nothing_of_a_sample_is_odd(slug: str, file: str, inside: tuple[str, ...]) -> None:
    listed = parse(slug, file, inside)
    assert listed.skipped == ()
    assert listed.unknown_keys == ()
