"""Try every mutant, two at a time (``make mutants``); fails if one survives.

``ARGS="novita"`` tries those with that word in their name.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.lists import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.trial import Copy, Trial, Verdict

AT_ONCE = 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutants with one of these in their name")
    words = parser.parse_args().words
    chosen = [m for m in MUTANTS if not words or any(word in m.name for word in words)]
    if not chosen:
        print("no mutant has such a name")
        return 2
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        Path(directory).chmod(0o755)
        trials = _try_all(chosen, Path(directory))
    killed = sum(trial.verdict is Verdict.KILLED for trial in trials)
    print(f"\n{killed} of {len(chosen)} mutants are killed")
    return 0 if killed == len(chosen) else 1


def _try_all(mutants: list[Mutant], directory: Path) -> list[Trial]:
    copies: SimpleQueue[Copy] = SimpleQueue()
    for number in range(AT_ONCE):
        copies.put(Copy(directory / str(number)))
    first = copies.get()
    possible = [mutant for mutant in mutants if mutant.problem() is None]
    tests = sorted({test for mutant in possible for test in mutant.tests})
    status, output = first.run(*tests)
    copies.put(first)
    if status != 0:
        # Tests that fail without a mutant prove nothing.
        sys.exit(f"{output}\nThe tests fail as it is; no mutant was tried.")

    def attempt(mutant: Mutant) -> Trial:
        copy = copies.get()
        try:
            trial = copy.try_mutant(mutant)
        finally:
            copies.put(copy)
        _print(trial)
        return trial

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(attempt, mutants))


def _print(trial: Trial) -> None:
    print(f"{trial.verdict:<8}  {trial.seconds:5.1f} s  {trial.mutant.name}", flush=True)
    if trial.verdict is not Verdict.KILLED:
        print("\n".join(f"    {line}" for line in trial.output.splitlines()[-15:]), flush=True)


if __name__ == "__main__":
    sys.exit(main())
