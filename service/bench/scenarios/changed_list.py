"""A large list of which a tenth has other prices: the worker's statements, in Postgres."""

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

BY_COPY = "COPY and one statement"
BY_ROW = "row by row"


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

        def by_copy() -> float:
            rows = row_writing.rows_of(bodies[1 + next(peer_turns) % 2])
            return milliseconds(
                lambda: row_writing.copy_and_one_statement(installed.connection, rows)
            )

        def by_row() -> float:
            rows = row_writing.rows_of(bodies[1 + next(peer_turns) % 2])
            return milliseconds(lambda: row_writing.row_by_row(installed.connection, rows))

        updated: list[int] = []
        ours()
        taken = in_turn(rounds, {"ours": ours, BY_COPY: by_copy})
        slow = in_turn(1 if ground.is_quick else 3, {BY_ROW: by_row})
    note = "" if min(updated) == LARGE // 10 else f"updated models: {updated}"
    yield Measurement(
        "changed.copy", "all statements of the worker", "ms", taken["ours"], BY_COPY,
        taken[BY_COPY], note=note,
    )  # fmt: skip
    yield Measurement(
        "changed.row-by-row", "all statements of the worker", "ms", taken["ours"], BY_ROW,
        slow[BY_ROW],
    )  # fmt: skip


SCENARIO = Scenario(
    "changed", "25,000 models, 10 % changed, in SQL", "other ways to write", measure, 5, 3, 30
)
