"""A scenario: what is measured, beside what. ``scenarios/`` has one in each module."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from service.bench.measurement import Measurement
from service.errors import UsageError

if TYPE_CHECKING:
    from service.bench.ground.bench_ground import BenchGround


@dataclass(frozen=True)
class Scenario:
    """``measure`` runs it; ``rounds`` and ``quick_rounds`` are how often each side takes its turn.

    ``order`` sorts the report. ``is_quick``: ``--quick`` runs it too.
    """

    name: str
    what: str
    beside: str
    measure: Callable[[BenchGround, int], Iterable[Measurement]]
    rounds: int
    quick_rounds: int
    order: int
    is_quick: bool = True


def all_scenarios() -> list[Scenario]:
    """Every scenario, in the order of the report."""
    folder = Path(__file__).with_name("scenarios")
    found: list[Scenario] = []
    for path in sorted(folder.glob("[a-z]*.py")):
        module = import_module(f"service.bench.scenarios.{path.stem}")
        scenario = getattr(module, "SCENARIO", None)
        if scenario is not None:
            found.append(scenario)
    return sorted(found, key=lambda scenario: scenario.order)


def chosen_scenarios(names: list[str], *, is_quick: bool) -> list[Scenario]:
    """The scenarios named; without names all, or with ``is_quick`` the quick ones."""
    known = all_scenarios()
    unknown = [name for name in names if name not in {each.name for each in known}]
    if unknown:
        raise UsageError(
            f"No such scenario: {', '.join(unknown)}",
            hint="Scenarios: " + ", ".join(each.name for each in known),
        )
    if names:
        return [each for each in known if each.name in names]
    return [each for each in known if each.is_quick or not is_quick]
