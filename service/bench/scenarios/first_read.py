"""The first list of a provider: what the worker's Python takes to read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.made_lists import LARGE, price_list
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario
from service.bench.turns import in_turn, milliseconds


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    body = price_list(LARGE)
    works: dict[str, Callable[[], float]] = {
        "ours": lambda: milliseconds(reading(body)),
        "peer": lambda: milliseconds(lambda: json.loads(body, parse_float=Decimal)),
    }
    taken = in_turn(rounds, works)
    yield Measurement(
        "first-read.python", "parse and rows, in Python", "ms", taken["ours"],
        "json.loads(parse_float=Decimal) of the same bytes", taken["peer"],
    )  # fmt: skip


def reading(body: bytes) -> Callable[[], object]:
    """What a worker does with a body between its arrival and the database."""
    from service.providers.adapter import adapter
    from service.sync.list_reader import ListReader

    def work() -> object:
        reader = ListReader(adapter("openrouter"), "openrouter", frozenset())
        reader.take(body, datetime.now(UTC))
        return reader.result()

    return work


SCENARIO = Scenario(
    "first-read", "the first list of 25,000 models, read", "json.loads", measure, 7, 3, 40
)
