"""Every mutant applies, and those that need no database are killed; ``make mutants`` tries all.

A surviving mutant must be reported too: a runner that calls every mutant killed proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutants.adapters import ADAPTERS
from tests.mutants.bills import BILLS
from tests.mutants.counting import COUNTING
from tests.mutants.decisions import DECISIONS
from tests.mutants.drawn import DRAWN
from tests.mutants.guards import GUARDS
from tests.mutants.lists import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.prices import PRICES
from tests.mutants.trial import Copy, Verdict

FEWEST = 60
PYTHON = [mutant for mutant in MUTANTS if not mutant.needs_database]
CONVERSION = "tests/service/prices/test_units.py"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    copy = Copy(tmp_path_factory.mktemp("checkout"))
    yield copy
    copy.remove()


def test_every_mutant_is_an_edit_of_the_files_as_they_are() -> None:
    assert [problem for mutant in MUTANTS if (problem := mutant.problem())] == []
    assert [name for name, times in Counter(m.name for m in MUTANTS).items() if times > 1] == []


def test_every_list_has_mutants() -> None:
    assert min(map(len, (ADAPTERS, BILLS, PRICES, GUARDS, DECISIONS, COUNTING, DRAWN))) > 0
    assert len(MUTANTS) >= FEWEST


@pytest.mark.long
@pytest.mark.parametrize("mutant", PYTHON, ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed(copy: Copy, mutant: Mutant) -> None:
    trial = copy.try_mutant(mutant)
    assert trial.verdict is Verdict.KILLED, trial.output


@pytest.mark.parametrize(
    ("text", "instead", "verdict"),
    [
        ("Exact, but for a price", "Exact but for a price", Verdict.SURVIVED),
        ("from enum import Enum", "from nowhere import Enum", Verdict.UNTRIED),
        ("this is not in the file", "", Verdict.UNTRIED),
    ],
)
def test_what_is_not_killed_is_seen(copy: Copy, text: str, instead: str, verdict: Verdict) -> None:
    mutant = Mutant("service/prices/units.py", text, instead, (CONVERSION,), "a test of the trial")
    assert copy.try_mutant(mutant).verdict is verdict


def test_a_trial_leaves_the_checkout_alone(copy: Copy) -> None:
    mutant = next(mutant for mutant in PYTHON if mutant.file == "service/prices/units.py")
    path = Path(mutant.file)
    before = (copy.root / path).read_text()
    assert copy.try_mutant(mutant).verdict is Verdict.KILLED
    assert (copy.root / path).read_text() == before
