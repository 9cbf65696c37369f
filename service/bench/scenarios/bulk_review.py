"""25,000 held changes approved or rejected at once, and as many prices rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.installation import Installation
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import LARGE, price_list
from service.bench.measurement import Measurement
from service.bench.peers import row_writing
from service.bench.scenario import Scenario
from service.bench.turns import in_turn, milliseconds
from service.errors import BenchFailed

CALLS = {
    "approve": "select count(*) as n from approve_held_price_changes(%s, 'bench', 'measured')",
    "reject": "select count(*) as n from reject_held_price_changes(%s, 'bench', 'measured')",
    "roll-back": "select count(*) as n from rollback_pricing_sync(%s, false, 'bench')",
}
COPY = "COPY and one statement"


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    first, second = price_list(LARGE), price_list(LARGE, changed=LARGE, turn=1)
    with ground.installation() as installed:
        installed.worker()
        jobs = {"roll-back": _applied(installed, first, second)}
        jobs["approve"] = jobs["reject"] = _held(installed, first)
        installed.execute("vacuum analyze")
        row_writing.make_tables(installed.connection)
        lists = [row_writing.rows_of(body) for body in (first, second)]
        row_writing.copy_and_one_statement(installed.connection, lists[0])

        def peer() -> float:
            lists.reverse()
            return milliseconds(
                lambda: row_writing.copy_and_one_statement(installed.connection, lists[0])
            )

        works: dict[str, Callable[[], float]] = {COPY: peer}
        for name, call in CALLS.items():
            works[name] = lambda name=name, call=call: _undone(  # type: ignore[misc]
                installed, call, jobs[name]
            )
        taken = in_turn(rounds, works)
    for name in CALLS:
        yield Measurement(
            f"review.{name}", f"{name}, {LARGE:,} changes in one call", "ms", taken[name], COPY,
            taken[COPY],
        )  # fmt: skip


def _applied(installed: Installation, first: bytes, second: bytes) -> str:
    """The job whose list changed the prices of every model of ``rolled``."""
    installed.add_provider("rolled", Answer(first))
    installed.execute("update pricing_providers set guards_enabled = false where slug = 'rolled'")
    installed.sync("rolled")
    installed.lists.answers["rolled"] = Answer(second)
    job = installed.trigger("rolled")
    installed.wait_for(job)
    return job


def _held(installed: Installation, first: bytes) -> str:
    """The job whose list has a thousand times the prices of every model of ``held``."""
    installed.add_provider("held", Answer(first))
    installed.sync("held")
    thousandfold = first.replace(b'":"0.0000', b'":"0.0')
    installed.lists.answers["held"] = Answer(thousandfold)
    job = installed.trigger("held")
    installed.wait_for(job)
    return job


def _undone(installed: Installation, call: str, job: str) -> float:
    """Milliseconds of the call, in a transaction that is rolled back."""
    with installed.connection.transaction(force_rollback=True):
        found: list[int] = []
        taken = milliseconds(lambda: found.append(int(installed.row(call, job)["n"])))
    if found != [LARGE]:
        raise BenchFailed(f"{found[0]} of {LARGE} changes were found.")
    return taken


SCENARIO = Scenario(
    "review", "approve, reject and roll back 25,000 changes", COPY, measure, 3, 1, 130,
    is_quick=False,
)  # fmt: skip
