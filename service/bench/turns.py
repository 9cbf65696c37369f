"""Time pieces of work in turn: A B, B A, A B, so that load of the machine meets all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping


def in_turn(rounds: int, works: Mapping[str, Callable[[], float]]) -> dict[str, tuple[float, ...]]:
    """Each work's results; it returns the milliseconds that it measured itself."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name in list(works)[:: 1 if number % 2 == 0 else -1]:
            taken[name].append(works[name]())
    return {name: tuple(each) for name, each in taken.items()}


def milliseconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000
