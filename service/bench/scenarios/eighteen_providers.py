"""All shipped providers at once, each answering after 200 ms, with the default concurrency."""

from __future__ import annotations

from collections.abc import Iterator

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import price_list
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario
from service.bench.turns import in_turn

PROVIDERS = 18
DELAY_SECONDS = 0.2
MODELS = 100


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    answer = Answer(price_list(MODELS), delay=DELAY_SECONDS)
    with ground.installation() as installed:
        installed.execute("update pricing_providers set enabled = false")
        names = [f"p{number}" for number in range(PROVIDERS)]
        for name in names:
            installed.add_provider(name, answer)
        installed.worker()
        installed.sync(*names)
        taken = in_turn(
            rounds,
            {"all": lambda: installed.sync(*names), "one": lambda: installed.sync(names[0])},
        )
    yield Measurement(
        "eighteen.all", "from the first start to the last end", "ms", taken["all"],
        "one alone", taken["one"],
    )  # fmt: skip


SCENARIO = Scenario(
    "eighteen", "18 providers answering after 200 ms, default concurrency", "one alone",
    measure, 9, 4, 70,
)  # fmt: skip
