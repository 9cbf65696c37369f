"""A small sync while the same worker reads a large list."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import LARGE, price_list
from service.bench.ground.until import until
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario
from service.bench.turns import in_turn

RUNNING = "select count(*) as n from pricing_sync_log where job_id = %s and status = 'in_progress'"


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    seeds = count(1)
    with ground.installation() as installed:
        installed.point("openrouter", Answer(price_list(LARGE)))
        installed.add_provider("small", Answer(price_list(3)))
        installed.worker()
        installed.sync("openrouter", "small")
        several: dict[str, list[float]] = {"alone": [], "beside": []}

        def alone() -> float:
            taken = installed.sync("small")
            several["alone"].append(taken)
            return taken

        def beside() -> float:
            """All small syncs that run while the large one does; the median of them."""
            installed.point("openrouter", Answer(price_list(LARGE, seed=next(seeds))))
            large = installed.trigger("openrouter")
            until(lambda: installed.row(RUNNING, large)["n"], "the large sync runs")
            taken: list[float] = []
            while not taken or installed.row(RUNNING, large)["n"]:
                taken.append(installed.sync("small"))
            installed.wait_for(large)
            several["beside"].extend(taken)
            return sorted(taken)[len(taken) // 2]

        in_turn(rounds, {"alone": alone, "beside": beside})
        for _ in range(3 * rounds):
            alone()
    yield Measurement(
        "beside.small", "a sync of 3 models beside one of 25,000", "ms",
        tuple(several["beside"]), "alone", tuple(several["alone"]),
    )  # fmt: skip


SCENARIO = Scenario(
    "beside", "a small sync beside a 25,000-model sync in one worker", "alone", measure, 5, 2, 60
)
