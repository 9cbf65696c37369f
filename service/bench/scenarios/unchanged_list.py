"""A large list over HTTP whose prices are those of the last sync."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import count

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import LARGE, price_list
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario
from service.bench.turns import in_turn, milliseconds

OURS, JSON = "ours", "json.loads"


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    seeds = count(1)
    with ground.installation() as installed:
        installed.point("openrouter", Answer(price_list(LARGE)))
        installed.worker()
        installed.sync("openrouter")
        bodies = [price_list(LARGE, seed=next(seeds)) for _ in range(2)]

        def ours() -> float:
            bodies.append(price_list(LARGE, seed=next(seeds)))
            installed.point("openrouter", Answer(bodies[-1]))
            return installed.sync("openrouter")

        def peer() -> float:
            return milliseconds(lambda: json.loads(bodies[-1], parse_float=Decimal))

        ours()
        taken = in_turn(rounds, {OURS: ours, JSON: peer})
    yield Measurement(
        "unchanged.worker",
        "the worker's whole time for other bytes with the same prices",
        "ms",
        taken[OURS],
        "json.loads(parse_float=Decimal) of the same bytes",
        taken[JSON],
    )


SCENARIO = Scenario(
    "unchanged", "25,000 models by HTTP, nothing changed", "json.loads", measure, 7, 3, 10
)
