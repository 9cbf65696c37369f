"""Lists as OpenRouter publishes them, of any length, whose prices or whose mere bytes change."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

T = TypeVar("T")

LARGE = 25_000
CREATED = 1_787_231_581


def price_list(models: int, *, changed: int = 0, turn: int = 0, seed: int | None = None) -> bytes:
    """A list of so many models.

    ``changed`` of them have another price at each ``turn``, by factors that no guard holds and that
    are not alike. With ``seed`` it has other bytes for the same prices: another order of models and
    keys, other white space, and other values of keys without a meaning for prices.
    """
    every = models // changed if changed else 0
    entries = [
        _entry(n, _factor(n, turn) if every and n % every == 0 else Decimal(1), seed or 0)
        for n in range(models)
    ]
    if seed is None:
        return json.dumps({"data": entries}, separators=(",", ":")).encode()
    entries = _shuffled(entries, seed, lambda entry: str(entry["id"]))
    keys = _shuffled(list(entries[0]), seed, str) if entries else []
    entries = [{key: entry[key] for key in keys} for entry in entries]
    blank = " " * (1 + seed % 2)
    return json.dumps({"data": entries}, separators=(f",{blank}", f":{blank}")).encode()


def _shuffled(given: list[T], seed: int, name: Callable[[T], str]) -> list[T]:
    """Another order for each seed, and the same one in each run."""
    return sorted(given, key=lambda each: zlib.crc32(f"{seed} {name(each)}".encode()))


def _factor(number: int, turn: int) -> Decimal:
    """Between 1.1 and 5; the next turn's is another one."""
    return Decimal("1.1") ** (1 + (number + turn * 7) % 17) if turn else Decimal(1)


def _entry(number: int, factor: Decimal, seed: int) -> dict[str, Any]:
    amount = (number % 90 + 10) * factor
    return {
        "id": f"maker/model-{number}",
        "name": f"Maker: Model {number}",
        "created": CREATED + number + seed,
        "context_length": 131_072,
        "architecture": {"modality": "text->text", "tokenizer": "Other"},
        "pricing": {
            "prompt": f"{amount.scaleb(-8):f}",
            "completion": f"{amount.scaleb(-7):f}",
            "input_cache_read": f"{amount.scaleb(-9):f}",
        },
        "per_request_limits": None,
    }
