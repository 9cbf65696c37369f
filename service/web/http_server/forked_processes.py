"""Serve one port with several processes: fork them, start lost ones again, stop them together."""

from __future__ import annotations

import logging
import os
import select
import signal
import time
from dataclasses import dataclass

logger = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0
# A process that has lived longer than this did not fail at its start.
STARTED_SECONDS = 30.0

_STOPS = {signal.SIGTERM, signal.SIGINT}


@dataclass(frozen=True)
class Forked:
    """In a forked process: its place among the others, and a descriptor that ends when the parent
    does."""

    place: int
    lifeline: int


@dataclass
class _Place:
    pid: int = 0
    started_at: float = 0.0
    failures: int = 0
    due_at: float = 0.0


def fork_processes(count: int, *, stop_seconds: float) -> Forked | None:
    """Returns in each of ``count`` processes; and None in the parent, once all have been stopped.

    SIGTERM and SIGINT stop all: those that run after ``stop_seconds`` are killed. The caller has no
    running event loop.
    """
    lifeline, held = os.pipe()
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    for number in (*_STOPS, signal.SIGCHLD):
        signal.signal(number, _do_nothing)
    places = [_Place() for _ in range(count)]
    is_stopped = False
    while not is_stopped:
        for place, each in enumerate(places):
            if each.pid == 0 and each.due_at <= time.monotonic():
                if _fork(each):
                    _be_forked(held, woken, wake)
                    return Forked(place, lifeline)
                logger.info("web process %d of %d started: pid %d", place + 1, count, each.pid)
        is_stopped = _wait(woken, places)
        _reap(places)
    _stop(places, woken, stop_seconds)
    return None


def _do_nothing(*_: object) -> None:
    """A handler, so that the signal is written to the wake-up descriptor."""


def _fork(place: _Place) -> bool:
    """Whether this is the new process."""
    place.started_at = time.monotonic()
    place.pid = os.fork()
    return place.pid == 0


def _be_forked(*of_parent: int) -> None:
    signal.set_wakeup_fd(-1)
    for number in (*_STOPS, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    for each in of_parent:
        os.close(each)


def _wait(woken: int, places: list[_Place]) -> bool:
    """Wait for a signal, or until a process is to be started again; whether to stop."""
    due = [each.due_at for each in places if each.pid == 0]
    seconds = max(min(due) - time.monotonic(), 0) if due else None
    if woken not in select.select([woken], [], [], seconds)[0]:
        return False
    return not _STOPS.isdisjoint(os.read(woken, 4096))


def _reap(places: list[_Place]) -> None:
    """Note which processes have ended, and when they are started again."""
    now = time.monotonic()
    for place in places:
        if place.pid == 0 or os.waitpid(place.pid, os.WNOHANG) == (0, 0):
            continue
        if now - place.started_at > STARTED_SECONDS:
            place.failures = 0
        backoff = min(FIRST_BACKOFF_SECONDS * 2**place.failures, LONGEST_BACKOFF_SECONDS)
        logger.error("web process %d ended; it is started again in %g s", place.pid, backoff)
        place.failures += 1
        place.pid, place.due_at = 0, now + backoff


def _stop(places: list[_Place], woken: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    running = {place.pid for place in places if place.pid}
    for pid in running:
        os.kill(pid, signal.SIGTERM)
    while running and (left := deadline - time.monotonic()) > 0:
        running = {pid for pid in running if os.waitpid(pid, os.WNOHANG) == (0, 0)}
        if running and select.select([woken], [], [], left)[0]:
            os.read(woken, 4096)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
