"""Count the requests of this process, and how long they took, by route."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
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


class HttpRequests:
    """``routes``: each pattern with the status of its answers; all others count as one."""

    def __init__(self, routes: Iterable[tuple[str, int]]) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._durations: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        for route, status in (*routes, (NONE, 404)):
            self._durations[route] = [0] * len(BOUNDS)
            self._seconds[route] = 0.0
            for each in (status, *FIRST_STATUSES):
                self._counts[route, str(each)] = 0

    def observe(self, route: str | None, status: int | None, seconds: float) -> None:
        known = route if route in self._durations else NONE
        key = (known, str(status or NONE))
        self._counts[key] = self._counts.get(key, 0) + 1
        self._durations[known][bisect_left(BOUNDS, seconds)] += 1
        self._seconds[known] += seconds

    def families(self) -> Iterator[Metric]:
        counter = CounterMetricFamily(
            "http_requests_total",
            "Requests that this process answered.",
            labels=("route", "status"),
        )
        for key, count in sorted(self._counts.items()):
            counter.add_metric(key, count)
        yield counter
        histogram = HistogramMetricFamily(
            "http_request_duration_seconds",
            "How long requests took, long polls and streams to their end.",
            labels=("route",),
        )
        for route, counts in sorted(self._durations.items()):
            buckets = list(zip(LABELS, accumulate(counts), strict=True))
            histogram.add_metric([route], buckets, self._seconds[route])
        yield histogram
