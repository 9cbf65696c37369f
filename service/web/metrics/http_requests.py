"""Count the requests of a web process, and how long they took, by route.

The processes of one ``serve`` share the counts, so that a scrape that reaches one of them has those
of all.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from itertools import accumulate
from math import inf

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

# Up to the longest that a request may wait for a job.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, inf)
LABELS = tuple("+Inf" if bound == inf else str(bound) for bound in BOUNDS)
# As in the access log: no route, and a client that left before the answer.
NONE = "-"
# An error's first request would not be seen by rate() if its series began with it.
FIRST_STATUSES = (500, 503)

STATUSES = (NONE, *(str(status.value) for status in HTTPStatus))
_CELLS = len(STATUSES) + len(BOUNDS) + 1
_CELL_BYTES = 8


class HttpRequests:
    """``routes``: each pattern with the status of its answers; all others count as one.

    Each of ``processes``, which fork from the one that made this, writes cells of its own: those of
    its place. One that is started again goes on where the lost one was.
    """

    def __init__(self, routes: Iterable[tuple[str, int]], *, processes: int = 1) -> None:
        first = [(route, (status, *FIRST_STATUSES)) for route, status in (*routes, (NONE, 404))]
        self._first = {(route, str(each)) for route, statuses in first for each in statuses}
        names = dict.fromkeys(route for route, _ in first)
        self._begin = {route: number * _CELLS for number, route in enumerate(names)}
        self._statuses = {status: number for number, status in enumerate(STATUSES)}
        part = len(names) * _CELLS
        shared = mmap.mmap(-1, processes * part * _CELL_BYTES)
        cells = memoryview(shared).cast("d")
        self._parts = [cells[at : at + part] for at in range(0, len(cells), part)][:processes]
        self._own = self._parts[0]

    def take_place(self, number: int) -> None:
        """Count in the part of this process from now on."""
        self._own = self._parts[number]

    def observe(self, route: str | None, status: int | None, seconds: float) -> None:
        begin = self._begin.get(route or NONE, self._begin[NONE])
        durations = begin + len(STATUSES)
        self._own[begin + self._statuses.get(str(status), 0)] += 1
        self._own[durations + bisect_left(BOUNDS, seconds)] += 1
        self._own[durations + len(BOUNDS)] += seconds

    def families(self) -> Iterator[Metric]:
        cells = [sum(of_all) for of_all in zip(*self._parts, strict=True)]
        counter = CounterMetricFamily(
            "http_requests_total",
            "Requests that this web process answered.",
            labels=("route", "status"),
        )
        histogram = HistogramMetricFamily(
            "http_request_duration_seconds",
            "How long requests took, long polls and streams to their end.",
            labels=("route",),
        )
        for route, begin in sorted(self._begin.items()):
            for status, number in sorted(self._statuses.items()):
                count = cells[begin + number]
                if count or (route, status) in self._first:
                    counter.add_metric((route, status), count)
            durations = begin + len(STATUSES)
            counts = accumulate(cells[durations : durations + len(BOUNDS)])
            buckets = list(zip(LABELS, counts, strict=True))
            histogram.add_metric([route], buckets, cells[durations + len(BOUNDS)])
        yield counter
        yield histogram
