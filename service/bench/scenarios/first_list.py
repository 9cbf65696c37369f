"""The first list of a provider: what the worker's statements take to write it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import LARGE, price_list
from service.bench.measurement import Measurement
from service.bench.peers import row_writing
from service.bench.scenario import Scenario
from service.bench.turns import in_turn, milliseconds


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    body = price_list(LARGE)
    numbers = count(1)
    rows = row_writing.rows_of(body)
    with ground.installation() as installed:
        row_writing.make_tables(installed.connection)
        installed.worker()

        def ours() -> float:
            # Another provider each time, since history is never deleted.
            slug = f"p{next(numbers)}"
            installed.add_provider(slug, Answer(body))
            installed.forget_statements()
            installed.sync(slug)
            return installed.worker_ms()[0]

        def peer() -> float:
            installed.execute("truncate peer_prices, peer_history")
            return milliseconds(
                lambda: row_writing.copy_and_one_statement(installed.connection, rows)
            )

        taken = in_turn(rounds, {"ours": ours, "peer": peer})
    yield Measurement(
        "first.write", "all statements of the worker", "ms", taken["ours"],
        "COPY and one statement, with history", taken["peer"],
    )  # fmt: skip


SCENARIO = Scenario(
    "first", "the first list of 25,000 models, written", "COPY and one statement", measure, 3, 2, 45
)
