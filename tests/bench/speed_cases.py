"""The SQL cases of ``speed.py``: databases, and the calls that are timed in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.bench.speed_data import LARGE, SMALL, load_models, load_past, price_list
from tests.bench.trees import Connection

# Prepares a round and returns the call that is timed.
Round = Callable[[Connection], Callable[[], object]]

_APPLY = """
select status, models_updated, models_held
from apply_provider_prices(%(row)s, %(attempt)s, %(prices)s::jsonb, skipped => '[]')
"""


@dataclass(frozen=True)
class Ground:
    """A database of one size, and the calls that are timed in it."""

    name: str
    load: Callable[[Connection], None]
    rounds: Mapping[str, Round]


def _sync(prices: str | None, provider: str = "p") -> Round:
    """The apply of one sync of a provider; None: its list is as it was (304)."""

    def prepare(connection: Connection) -> Callable[[], object]:
        connection.execute("select trigger_pricing_sync(array[%s], 'bench')", [provider])
        row = connection.execute(
            "select id, attempts + 1 as attempt from fetch_queue_row(null,"
            " (select worker_id from procrastinate.procrastinate_register_worker_v1()))"
        ).fetchone()
        assert row is not None and row["id"] is not None
        parameters = {"row": row["id"], "attempt": row["attempt"], "prices": prices}

        def apply() -> None:
            done = connection.execute(_APPLY, parameters).fetchone()
            assert done is not None and done["status"] == "success", done

        return apply

    return prepare


def _there_and_back(provider: str, models: int) -> Round:
    """The apply of a sync that changes a quarter of the prices back, after one that changed them.

    The guards let both pass: they are too few, and no two move alike.
    """
    there, back = _sync(price_list(models, one_in=4), provider), _sync(price_list(models), provider)

    def prepare(connection: Connection) -> Callable[[], object]:
        there(connection)()
        return back(connection)

    return prepare


def _first(provider: str, models: int) -> Round:
    """The first sync of a provider, with its trigger, that is rolled back."""

    def prepare(connection: Connection) -> Callable[[], object]:
        def call() -> None:
            with connection.transaction(force_rollback=True):
                _sync(price_list(models), provider)(connection)()

        return call

    return prepare


def _call(query: str) -> Round:
    return lambda connection: lambda: connection.execute(query.encode()).fetchall()


def _undone(query: str) -> Round:
    """A call that is rolled back, so that each round starts from the same state."""

    def prepare(connection: Connection) -> Callable[[], object]:
        def call() -> None:
            with connection.transaction(force_rollback=True):
                connection.execute(query.encode())

        return call

    return prepare


def _load_held(connection: Connection) -> None:
    load_models(connection, {"p": LARGE})
    connection.execute("delete from pricing_catalogue_prices")
    _sync(price_list(LARGE, "1000"))(connection)()
    connection.execute("vacuum analyze")


def _load_many(connection: Connection) -> None:
    load_models(connection, {f"p{n}": LARGE for n in range(5)} | {"small": SMALL, "new": 0})


_OVERRIDE = """
select set_price_override('p3', 'maker/model-7', 'bench', 1.8, 17, author => 'bench')
"""

GROUNDS = (
    Ground(
        "5 x 25,000 models, and one provider of 400",
        _load_many,
        {
            "pricing_drift": _call("select * from pricing_drift"),
            "one override": _undone(_OVERRIDE),
            "400 models, none changed": _sync(price_list(SMALL), "small"),
            "400 models, a quarter changed": _there_and_back("small", SMALL),
            "25,000 models, none changed": _sync(price_list(LARGE), "p1"),
            "25,000 models, a quarter changed": _there_and_back("p2", LARGE),
            "25,000 first prices, which five others have": _first("new", LARGE),
        },
    ),
    Ground(
        "1,000,000 jobs, none due",
        lambda connection: load_past(connection, 1_000_000),
        {"cleanup_old_pricing_jobs": _call("select cleanup_old_pricing_jobs()")},
    ),
    Ground(
        "25,000 held",
        _load_held,
        {
            "a sync that says them again": _sync(price_list(LARGE, "1000")),
            "a list that is as it was (304)": _sync(None),
            "select * from pricing_held": _call("select * from pricing_held"),
        },
    ),
)
