"""200 providers, synced by one, two and four workers; and what a sync writes and holds open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.installation import Installation
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import price_list
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario

PROVIDERS = 200
MODELS = 100
WORKERS = (1, 2, 4)
WAL = "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as bytes"
CONNECTIONS = """
select count(*) as n from pg_stat_activity
where datname = current_database() and application_name = 'pricing-sync worker'
"""
# What the list of each provider is at a turn.
LISTS: dict[str, Callable[[int], Answer]] = {
    "unchanged": lambda turn: Answer(price_list(MODELS), etag=True),
    "other-bytes": lambda turn: Answer(price_list(MODELS, seed=turn)),
    "changed": lambda turn: Answer(price_list(MODELS, changed=10, turn=turn)),
}
WHAT = (
    "the same body, answered by 304",
    "the same prices in other bytes",
    "10 of 100 prices changed",
)


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    turns = count(1)
    with ground.installation() as installed:
        installed.execute("update pricing_providers set enabled = false")
        names = [f"p{number:03}" for number in range(PROVIDERS)]
        for name in names:
            installed.add_provider(name, LISTS["unchanged"](0))
        for workers in WORKERS:
            while len(installed.processes.started) < workers:
                installed.worker()
            installed.sync(*names)
            installed.execute("vacuum analyze")
            for (which, answer), what in zip(LISTS.items(), WHAT, strict=True):
                rates, written, used = [], [], []
                for _ in range(rounds):
                    turn = next(turns)
                    for name in names:
                        installed.lists.answers[name] = answer(turn)
                    before, spent = _wal(installed), _processor_ms(installed)
                    rates.append(PROVIDERS / installed.sync(*names) * 1000)
                    written.append((_wal(installed) - before) / PROVIDERS / 1000)
                    used.append((_processor_ms(installed) - spent) / PROVIDERS)
                yield Measurement(
                    f"scale.{which}-{workers}", f"syncs by {workers} workers, {what}", "/s",
                    tuple(rates),
                )  # fmt: skip
                if workers != max(WORKERS):
                    continue
                yield Measurement(
                    f"scale.wal-{which}", f"WAL of a sync, {what}", "kB", tuple(written)
                )
                yield Measurement(
                    f"scale.processor-{which}", f"the workers' processor time for a sync, {what}",
                    "ms", tuple(used),
                )  # fmt: skip
            connections = float(installed.row(CONNECTIONS)["n"])
            yield Measurement(
                f"scale.connections-{workers}", f"connections of {workers} workers", "",
                (connections,),
            )  # fmt: skip


def _wal(installed: Installation) -> int:
    return int(installed.row(WAL)["bytes"])


def _processor_ms(installed: Installation) -> float:
    return sum(process.cpu_seconds() for process in installed.processes.started) * 1000


SCENARIO = Scenario(
    "scale", f"{PROVIDERS} providers, by 1, 2 and 4 workers", "", measure, 3, 1, 180,
    is_quick=False,
)  # fmt: skip
