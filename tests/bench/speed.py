"""Compare the cost of this version's work with another version's, in one run, round by round.

``python -m tests.bench --against DIR``, where DIR is a checkout of the other version in which
``make install`` was run. Load of the machine affects both versions alike.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.bench.speed_cases import GROUNDS, Ground, Round
from tests.bench.trees import HERE, Connection, Tree
from tests.support.postgres import Cluster, running_cluster

PYTHON_WORK = (
    "421 models read",
    "25,000 models read",
    "catalogue, beside a list",
    "catalogue, its own list",
    "comparison with the release",
)

Trees = tuple[Tree, ...]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--against", type=Path, required=True, metavar="DIR")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="a part of the names of what is measured")
    given = parser.parse_args(arguments)
    trees = (Tree("before", given.against.resolve()), Tree("after", HERE))
    print("| milliseconds, least / median | before | after | before / after |")
    print("| --- | --- | --- | --- |", flush=True)
    with running_cluster() as cluster:
        _measure_python(cluster, trees, given.rounds, given.only)
        for ground in GROUNDS:
            _measure_sql(cluster, ground, trees, given.rounds, given.only)


def _measure_python(cluster: Cluster, trees: Trees, rounds: int, only: str) -> None:
    chosen = [work for work in PYTHON_WORK if only in work]
    if not chosen:
        return
    with ExitStack() as stack:
        urls = {tree: stack.enter_context(tree.database(cluster)) for tree in trees}
        for work in chosen:
            _measure(work, {t: partial(t.milliseconds, work, urls[t]) for t in trees}, rounds)


def _measure_sql(cluster: Cluster, ground: Ground, trees: Trees, rounds: int, only: str) -> None:
    chosen = {n: r for n, r in ground.rounds.items() if only in f"{ground.name}: {n}"}
    if not chosen:
        return
    with ExitStack() as stack:
        connections = {}
        for tree in trees:
            connections[tree] = stack.enter_context(tree.connection(cluster))
            ground.load(connections[tree])
        for name, prepare in chosen.items():
            timed = {t: partial(_time, prepare, connections[t]) for t in trees}
            _measure(f"{ground.name}: {name}", timed, rounds)


def _time(prepare: Round, connection: Connection) -> float:
    """Milliseconds of one round."""
    work = prepare(connection)
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _measure(what: str, timed: Mapping[Tree, Callable[[], float]], rounds: int) -> None:
    """Print one line of the table; each round asks every version once."""
    taken: dict[Tree, list[float]] = {tree: [] for tree in timed}
    for number in range(rounds):
        # The order alternates, so that no version always comes second.
        for tree in list(timed)[:: 1 if number % 2 == 0 else -1]:
            taken[tree].append(timed[tree]())
    cells = [f"{min(each):,.1f} / {statistics.median(each):,.1f}" for each in taken.values()]
    before, after = (min(each) for each in taken.values())
    print(f"| {what} | {' | '.join(cells)} | {before / after:.1f} |", flush=True)
