"""Wait for a condition, with a bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from service.errors import BenchFailed

T = TypeVar("T")


def until(condition: Callable[[], T], what: str, seconds: float = 60, every: float = 0.005) -> T:
    """Poll until the result is true, and return it; BenchFailed after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise BenchFailed(f"Not within {seconds:g} s: {what}.")
        time.sleep(every)
    return answer
