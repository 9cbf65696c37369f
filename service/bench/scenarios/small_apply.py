"""Three models that have not changed, applied by the function that hands and older workers call."""

from __future__ import annotations

import json
from collections.abc import Iterator

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.installation import Connection
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import price_list
from service.bench.measurement import Measurement
from service.bench.peers import row_writing
from service.bench.scenario import Scenario
from service.bench.turns import in_turn, milliseconds
from service.errors import BenchFailed

APPLY = """
select status, models_unchanged
from apply_provider_prices(%(row)s, %(attempt)s, %(prices)s::jsonb, skipped => '[]')
"""
FETCH = """
select id, attempts + 1 as attempt from fetch_queue_row(null,
    (select worker_id from procrastinate.procrastinate_register_worker_v1()))
"""


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    with ground.installation() as installed:
        installed.point("openrouter", Answer(price_list(3)))
        row_writing.make_tables(installed.connection)
        prices = apply_rows(price_list(3))
        timed_apply(installed.connection, prices)
        installed.execute("vacuum analyze")
        for _ in range(6):
            timed_apply(installed.connection, prices)
        taken = in_turn(
            rounds,
            {
                "ours": lambda: timed_apply(installed.connection, prices),
                "peer": lambda: milliseconds(lambda: row_writing.bare_commit(installed.connection)),
            },
        )
    yield Measurement(
        "small.apply", "apply_provider_prices, 3 models, nothing changed", "ms", taken["ours"],
        "a commit of one row", taken["peer"],
    )  # fmt: skip


def apply_rows(body: bytes, slug: str = "openrouter") -> str:
    """A list as ``apply_provider_prices`` takes it."""
    from service.prices.price_list import to_apply_rows
    from service.providers.adapter import adapter

    return json.dumps(to_apply_rows(adapter("openrouter").parse(body), slug, f"api:{slug}"))


def timed_apply(connection: Connection, prices: str, slug: str = "openrouter") -> float:
    """Milliseconds of the apply alone; trigger and fetch come before."""
    connection.execute("select trigger_pricing_sync(array[%s], 'bench')", [slug])
    fetched = connection.execute(FETCH).fetchone()
    if fetched is None or fetched["id"] is None:
        raise BenchFailed("The sync was not fetched.")
    parameters = {"row": fetched["id"], "attempt": fetched["attempt"], "prices": prices}
    return milliseconds(lambda: connection.execute(APPLY, parameters).fetchone())


SCENARIO = Scenario(
    "small", "3 models, nothing changed, applied", "a bare commit", measure, 200, 60, 50
)
