"""The short form of the chaos run, with fixed seeds: each fault once, some ten kills each."""

from __future__ import annotations

import pytest

from tests.chaos.plan import ROUNDS
from tests.chaos.run import run

pytestmark = pytest.mark.long

SECONDS = 40
LEAST_KILLS = 8


# More than the sum of all waits within it.
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("seed", "faults"), [(11, "server"), (12, "processes")])
def test_everything_holds_while_things_fail(seed: int, faults: str) -> None:
    report = run(seed, SECONDS, faults, LEAST_KILLS)
    print(report)

    assert report.is_clean, f"\n{report}"
    assert report.kills.total() >= LEAST_KILLS
    assert report.faults.keys() == ROUNDS[faults].keys()
