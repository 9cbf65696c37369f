"""Wait for a condition with a deadline, instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(
    condition: Callable[[], T], timeout: float = 30.0, what: str = "", every: float = 0.02
) -> T:
    """Poll until the result is true and return it; AssertionError after ``timeout`` seconds.

    A bound costs time only on failure: it is for a busy machine, unless the test is about it.
    """
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what or condition}; last: {answer!r}")
        time.sleep(every)
