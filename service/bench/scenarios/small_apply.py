"""Three models that have not changed, applied as a worker does and as an older worker does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.installation import Connection
from service.bench.ground.list_applying import FETCH, read_list, timed_apply
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import price_list
from service.bench.measurement import Measurement
from service.bench.peers import row_writing
from service.bench.scenario import Scenario
from service.bench.turns import in_turn, milliseconds

WHOLE = "select status from apply_provider_prices(%s, %s, %s::jsonb, skipped => '[]')"


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    with ground.installation() as installed:
        connection = installed.connection
        installed.point("openrouter", Answer(b""))
        row_writing.make_tables(connection)
        body = price_list(3)
        prices = read_list(body, "openrouter").rows
        timed_apply(connection, body)
        installed.execute("vacuum analyze")
        works: dict[str, Callable[[], float]] = {
            "ours": lambda: timed_apply(connection, body),
            "whole": lambda: _whole(connection, prices),
            "peer": lambda: milliseconds(lambda: row_writing.bare_commit(connection)),
        }
        in_turn(6, works)
        taken = in_turn(rounds, works)
    yield Measurement(
        "small.apply", "apply_provider_list, 3 models, nothing changed", "ms", taken["ours"],
        "a commit of one row", taken["peer"],
    )  # fmt: skip
    yield Measurement(
        "small.whole", "apply_provider_prices, 3 models, nothing changed", "ms", taken["whole"],
        "a commit of one row", taken["peer"],
    )  # fmt: skip


def _whole(connection: Connection, prices: str | None) -> float:
    connection.execute("select trigger_pricing_sync(array['openrouter'], 'bench')")
    fetched = connection.execute(FETCH).fetchone()
    parameters = [*fetched.values(), prices] if fetched is not None else []
    return milliseconds(lambda: connection.execute(WHOLE, parameters).fetchone())


SCENARIO = Scenario(
    "small", "3 models, nothing changed, applied", "a bare commit", measure, 200, 60, 50
)
