"""A large list of which a tenth has other prices: the worker's statements, in Postgres."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import LARGE, price_list
from service.bench.measurement import Measurement
from service.bench.peers import row_writing
from service.bench.scenario import Scenario
from service.bench.turns import in_turn, milliseconds

# Whether the peer writes rows that are as they were.
WAYS = {"": True, "-skipping": False}
PEERS = {
    "copy": "COPY and one statement",
    "copy-skipping": "COPY and one statement that skips what is as it was",
    "row-by-row": "row by row",
    "row-by-row-skipping": "row by row, skipping what is as it was",
}


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    turns, peer_turns = count(1), count(1)
    bodies = {turn: price_list(LARGE, changed=LARGE // 10, turn=turn) for turn in (0, 1, 2)}
    with ground.installation() as installed:
        installed.point("openrouter", Answer(bodies[0]))
        installed.worker()
        installed.sync("openrouter")
        row_writing.make_tables(installed.connection)
        row_writing.copy_and_one_statement(installed.connection, row_writing.rows_of(bodies[0]))
        installed.execute("vacuum analyze")

        def ours() -> float:
            installed.point("openrouter", Answer(bodies[1 + next(turns) % 2]))
            installed.forget_statements()
            job = installed.trigger("openrouter")
            installed.wait_for(job)
            taken, _ = installed.worker_ms()
            changed = installed.row("select * from pricing_sync_jobs where job_id = %s", job)
            updated.append(int(changed["models_updated"]))
            return taken

        def by_copy(*, every_row: bool) -> float:
            rows = row_writing.rows_of(bodies[1 + next(peer_turns) % 2])
            return milliseconds(
                lambda: row_writing.copy_and_one_statement(
                    installed.connection, rows, every_row=every_row
                )
            )

        def by_row(*, every_row: bool) -> float:
            rows = row_writing.rows_of(bodies[1 + next(peer_turns) % 2])
            return milliseconds(
                lambda: row_writing.row_by_row(installed.connection, rows, every_row=every_row)
            )

        updated: list[int] = []
        ours()
        works: dict[str, Callable[[], float]] = {"ours": ours}
        for name, every_row in WAYS.items():
            works[f"copy{name}"] = partial(by_copy, every_row=every_row)
        taken = in_turn(rounds, works)
        slow: dict[str, Callable[[], float]] = {
            f"row-by-row{name}": partial(by_row, every_row=every_row)
            for name, every_row in WAYS.items()
        }
        taken |= in_turn(1 if ground.is_quick else 3, slow)
    note = "" if min(updated) == LARGE // 10 else f"updated models: {updated}"
    for name, beside in PEERS.items():
        yield Measurement(
            f"changed.{name}", "all statements of the worker", "ms", taken["ours"], beside,
            taken[name], note=note,
        )  # fmt: skip


SCENARIO = Scenario(
    "changed", "25,000 models, 10 % changed, in SQL", "other ways to write", measure, 5, 3, 30
)
