"""A large list whose body is that of the last sync, byte by byte, beside an answer 304."""

from __future__ import annotations

from collections.abc import Iterator

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import LARGE, price_list
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario
from service.bench.turns import in_turn


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    body = price_list(LARGE)
    with ground.installation() as installed:
        installed.point("openrouter", Answer(body))
        installed.add_provider("other", Answer(body, etag=True))
        installed.worker()
        for slug in ("openrouter", "other"):
            installed.sync(slug)
            installed.sync(slug)
        before = installed.lists.not_modified
        taken = in_turn(
            rounds,
            {
                "same": lambda: installed.sync("openrouter"),
                "304": lambda: installed.sync("other"),
            },
        )
        answered = installed.lists.not_modified - before
    yield Measurement(
        "same-body.worker",
        "the worker's whole time for an equal body",
        "ms",
        taken["same"],
        "the same list answered by 304",
        taken["304"],
        note="" if answered == rounds else f"only {answered} of {rounds} answers were 304",
    )


SCENARIO = Scenario("same-body", "the same body again, 25,000 models", "a 304", measure, 9, 5, 20)
