"""The first list of a provider: read by the worker's Python, and written by its statements."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
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
    read = in_turn(
        rounds,
        {
            "ours": lambda: milliseconds(reading(body)),
            "peer": lambda: milliseconds(lambda: json.loads(body, parse_float=Decimal)),
        },
    )
    yield Measurement(
        "first.read", "parse and rows, in Python", "ms", read["ours"],
        "json.loads(parse_float=Decimal) of the same bytes", read["peer"],
    )  # fmt: skip
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

        taken = in_turn(max(2, rounds // 2), {"ours": ours, "peer": peer})
    yield Measurement(
        "first.write", "all statements of the worker", "ms", taken["ours"],
        "COPY and one statement, with history", taken["peer"],
    )  # fmt: skip


def reading(body: bytes) -> Callable[[], object]:
    """What a worker does with a body between its arrival and the database."""
    from service.providers.adapter import adapter
    from service.sync.list_reader import ListReader

    def work() -> object:
        reader = ListReader(adapter("openrouter"), "openrouter")
        reader.take(body, datetime.now(UTC))
        return reader.result()

    return work


SCENARIO = Scenario(
    "first", "the first list of 25,000 models", "json.loads; COPY and one statement",
    measure, 5, 3, 40,
)  # fmt: skip
