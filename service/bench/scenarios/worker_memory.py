"""The peak of a worker's memory while it syncs a large list: first, unchanged and changed."""

from __future__ import annotations

from collections.abc import Iterator

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import LARGE, price_list
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    peaks = []
    with ground.installation() as installed:
        for number in range(rounds):
            slug = f"p{number}"
            installed.add_provider(slug, Answer(price_list(LARGE)))
            worker = installed.worker()
            installed.sync(slug)
            for answer in (
                Answer(price_list(LARGE, seed=number + 1)),
                Answer(price_list(LARGE, changed=LARGE // 10, turn=1)),
            ):
                installed.lists.answers[slug] = answer
                installed.sync(slug)
            peaks.append(worker.memory_mb("VmHWM"))
            worker.stop()
    yield Measurement(
        "memory.worker", "peak of a worker that syncs it three times", "MB", tuple(peaks)
    )  # fmt: skip


SCENARIO = Scenario("memory", "a worker's memory, 25,000 models", "", measure, 3, 1, 200)
