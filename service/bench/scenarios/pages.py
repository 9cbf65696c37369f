"""Every page of every list over HTTP, and whole lists as streams, on a large database.

Routes, filters and sorts come from ``/openapi.json``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import httpx2

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.large_database import Scale, prepare
from service.bench.ground.list_cases import Case, Examples, Route, get_routes
from service.bench.ground.whole_lists import measure_streams
from service.bench.measurement import Measurement, share_of
from service.bench.scenario import Scenario

METRICS = "/metrics"
# A question this slow twice is not asked again.
HOPELESS_MS = 1000
# The walk to the last page of a question; a longer list is read to here, and near its other end by
# the times among its questions.
WALK_SECONDS = 4
QUICK = Scale(models=25_000, jobs=200, history=30_000)


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    with ground.installation() as installed:
        prepare(installed.url, QUICK if ground.is_quick else Scale())
        worst: dict[bool, tuple[float, str]] = {False: (0.0, ""), True: (0.0, "")}
        with installed.web() as (_, client):
            document = client.get("/openapi.json").json()
            routes = get_routes(document, Examples.of(installed.url))
            for route in routes:
                taken: list[float] = []
                for case, page, times in _questions(client, route, rounds):
                    taken += times
                    asked = f"{route.path} {case}, {page} page"
                    is_scrape = route.path == METRICS
                    worst[is_scrape] = max(worst[is_scrape], (share_of(times, 0.95), asked))
                yield Measurement(f"pages.{route.path}", "all questions", "ms", tuple(taken))
        yield Measurement(
            "pages.slowest", "p95 of the slowest question", "ms", (worst[False][0],),
            note=worst[False][1],
        )  # fmt: skip
        yield Measurement("pages.metrics", "p95 of a scrape", "ms", (worst[True][0],))
        with installed.web() as (web, client):
            yield from measure_streams(client, web, routes, is_quick=ground.is_quick)


def _questions(
    client: httpx2.Client, route: Route, rounds: int
) -> Iterator[tuple[Case, str, list[float]]]:
    for case in route.cases:
        for page, cursor in _pages(client, case, route.is_list):
            times: list[float] = []
            while len(times) < rounds and min(times[-2:] or [0]) < HOPELESS_MS:
                times.append(_ask(client, case, cursor))
            yield case, page, times


def _pages(client: httpx2.Client, case: Case, is_list: bool) -> Iterator[tuple[str, str | None]]:
    """The cursors of a list's first, middle and last page."""
    cursors: list[str | None] = [None]
    until = time.perf_counter() + WALK_SECONDS
    is_end = is_list and _ask(client, case, None) >= HOPELESS_MS
    while is_list and not is_end and time.perf_counter() < until:
        query = {**dict(case.query), "limit": "1000"}
        if cursors[-1] is not None:
            query["cursor"] = cursors[-1]
        answer = client.get(case.path, params=query)
        if answer.status_code != 200:
            # Of a model that this provider does not have, or a failure, which _ask counts.
            break
        following = answer.json().get("next_cursor")
        is_end = following is None
        if not is_end:
            cursors.append(following)
    yield "first", None
    if len(cursors) > 2:
        yield "middle", cursors[len(cursors) // 2]
    if len(cursors) > 1:
        yield "last" if is_end else f"{len(cursors) - 1:,},000th row's", cursors[-1]


def _ask(client: httpx2.Client, case: Case, cursor: str | None) -> float:
    """Milliseconds of one request; without end where the server gave up."""
    query = dict(case.query) if cursor is None else {**dict(case.query), "cursor": cursor}
    started = time.perf_counter()
    answer = client.get(case.path, params=query)
    taken = (time.perf_counter() - started) * 1000
    return taken if answer.status_code in (200, 404) else math.inf


SCENARIO = Scenario(
    "pages", "every list over HTTP: 25,000 models, 100,000 jobs, 1,000,000 changes", "", measure,
    20, 3, 160, is_quick=False,
)  # fmt: skip
