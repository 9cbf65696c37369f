"""What is done in a run, drawn from its seed: for each lane one endless list of steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from tests.chaos.whereabouts import PHASES

# What happens to the server, and what to everything around it. How often each fault comes in a
# round; a round is shuffled, so that none is left out.
SERVER_FAULTS: Mapping[str, int] = {
    "postgres restarts": 2,
    "postgres is away": 1,
    "a backend is killed": 1,
    "sessions are terminated": 2,
    "statements are cancelled": 1,
    "statements time out": 1,
    "commits fail": 2,
}
PROCESS_FAULTS: Mapping[str, int] = {
    "a worker is suspended": 4,
    "a connection is half open": 3,
    "providers hang": 2,
    "web is killed": 1,
    "workers are restarted": 1,
    "a provider is disabled": 1,
    "a transaction is left open": 2,
}
ROUNDS: Mapping[str, Mapping[str, int]] = {
    "all": {**SERVER_FAULTS, **PROCESS_FAULTS},
    # The short form has no time for more.
    "server": dict.fromkeys(SERVER_FAULTS, 1),
    "processes": {**dict.fromkeys(PROCESS_FAULTS, 1), "a worker is suspended": 3},
}


@dataclass(frozen=True)
class Step:
    """``random`` is this step's own: what it draws does not depend on how long others took."""

    kind: str
    random: Random


def faults(seed: int, round_: Mapping[str, int]) -> Iterator[Step]:
    random = Random(f"{seed} faults")
    while True:
        kinds = [kind for kind, times in round_.items() for _ in range(times)]
        random.shuffle(kinds)
        for kind in kinds:
            yield Step(kind, Random(random.getrandbits(64)))


def kills(seed: int) -> Iterator[Step]:
    """The phases in which workers are killed, each as often as the others."""
    random = Random(f"{seed} kills")
    while True:
        for phase in random.sample(PHASES, len(PHASES)):
            yield Step(phase, Random(random.getrandbits(64)))


def deeds(seed: int) -> Iterator[Step]:
    random = Random(f"{seed} deeds")
    while True:
        yield Step("by hand", Random(random.getrandbits(64)))
