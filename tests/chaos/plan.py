"""The faults of a run, drawn from its seed: one endless list of steps for each thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from tests.chaos.worker_phases import PHASES

# Faults of the server, and of everything around it, with the number of times each comes in a round.
# A round is shuffled, so that every fault occurs.
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
    # Too slow for the short form.
    "server": dict.fromkeys(SERVER_FAULTS, 1),
    "processes": {**dict.fromkeys(PROCESS_FAULTS, 1), "a worker is suspended": 3},
}


@dataclass(frozen=True)
class Step:
    """``random`` belongs to this step: its draws do not depend on how long other steps took."""

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
    """The phases in which workers are killed, in equal shares."""
    random = Random(f"{seed} kills")
    while True:
        for phase in random.sample(PHASES, len(PHASES)):
            yield Step(phase, Random(random.getrandbits(64)))


def operator_statements(seed: int) -> Iterator[Step]:
    random = Random(f"{seed} operator")
    while True:
        yield Step("by hand", Random(random.getrandbits(64)))
