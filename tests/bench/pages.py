"""Measure every page of every list over HTTP, and whole lists as streams, on a large database.

A million history rows, 100,000 jobs and 25,000 models; routes, filters and sorts come from
``/openapi.json``. It fails where the p95 of a page, or the memory that a stream takes, is over its
bound.

``python -m tests.bench pages``
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import httpx2

from tests.bench import streams
from tests.bench.list_cases import Case, Examples, Route, get_routes
from tests.bench.scale_data import Scale, counts, prepare
from tests.support.postgres import free_port, running_cluster
from tests.support.processes import ADMIN_KEY, Process, Processes, answers
from tests.support.waiting import wait_until

LARGEST_P95_MS = 100
# A scrape counts every model.
LARGEST_P95_MS_OF_METRICS = 200
# A question this slow twice is not asked again.
HOPELESS_MS = 1000
# The walk to the last page of a question; a longer list is read to here, and near its other end by
# the times among its questions.
WALK_SECONDS = 4


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=pages", description=__doc__)
    parser.add_argument("--database", metavar="URL", help="load this one if it is empty; keep it")
    parser.add_argument("--models", type=int, default=Scale.models)
    parser.add_argument("--jobs", type=int, default=Scale.jobs)
    parser.add_argument("--history", type=int, default=Scale.history)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", default="", help="a part of the routes that are measured")
    parser.add_argument("--verbose", action="store_true", help="a line for each question")
    given = parser.parse_args(arguments)
    scale = Scale(given.models, given.jobs, given.history)
    with _database(given.database) as url:
        prepare(url, scale)
        print(*(f"{table}: {rows:,}" for table, rows in counts(url).items()), sep=", ", flush=True)
        with running_web(url) as (_, client):
            routes = [
                route
                for route in get_routes(client.get("/openapi.json").json(), Examples.of(url))
                if given.only in route.path
            ]
            print("| route | questions | p50 | p95 | max | slowest question |")
            print("| --- | --- | --- | --- | --- | --- |", flush=True)
            load = os.getloadavg()[0]
            slow = [route for route in routes if _is_slow(client, route, given)]
        with running_web(url) as (web, client):
            heavy = streams.measure(client, web.pid, routes)
    print(f"\nload of the machine: {load:.1f} before, {os.getloadavg()[0]:.1f} after")
    for each in (*(route.path for route in slow), *heavy):
        print(f"over its bound: {each}", file=sys.stderr)
    if slow or heavy:
        sys.exit(1)


@contextmanager
def running_web(url: str) -> Iterator[tuple[Process, httpx2.Client]]:
    """A web process of its own on that database, and a client with the admin key."""
    with tempfile.TemporaryDirectory() as directory:
        processes = Processes(Path(directory), {"DATABASE_URL": url})
        processes.interpreters = True
        port = free_port()
        web = processes.service("serve", "--port", str(port))
        base = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: answers(f"{base}/health"), 30, "the web process answers")
            headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
            with httpx2.Client(base_url=base, headers=headers, timeout=120) as client:
                yield web, client
        finally:
            processes.end()


@contextmanager
def _database(url: str | None) -> Iterator[str]:
    with running_cluster() if url is None else nullcontext() as cluster:
        if cluster is None:
            assert url is not None
            yield url
        else:
            with cluster.database() as name:
                yield cluster.url_of(name)


def _is_slow(client: httpx2.Client, route: Route, given: argparse.Namespace) -> bool:
    """Measure one route and print its line; whether a question of it is over the bound."""
    taken: list[float] = []
    slowest, worst, asked = -1.0, "", 0
    for case in route.cases:
        for page, cursor in _pages(client, case, route.is_list):
            times: list[float] = []
            while len(times) < given.rounds and min(times[-2:] or [0]) < HOPELESS_MS:
                times.append(_ask(client, case, cursor))
            taken += times
            asked += 1
            p95 = share_of(times, 0.95)
            if given.verbose:
                figures = f"{p95:8.1f} ms, at least {min(times):.1f} ms"
                print(f"{figures}  {route.path} {case} {page}", flush=True)
            if p95 > slowest:
                slowest, worst = p95, f"{case}, {page} page: {p95:.1f}, at least {min(times):.1f}"
    cells = (
        f"`{route.path}`",
        f"{asked}",
        *(f"{share_of(taken, share):.1f}" for share in (0.5, 0.95, 1)),
        worst,
    )
    print(f"| {' | '.join(cells)} |", flush=True)
    return slowest >= (LARGEST_P95_MS_OF_METRICS if route.path == "/metrics" else LARGEST_P95_MS)


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
    if answer.status_code >= 500:
        return math.inf
    assert answer.status_code in (200, 404), f"{answer.url}: {answer.text}"
    return taken


def share_of(figures: list[float], share: float) -> float:
    """The smallest figure that this share of them does not exceed."""
    return sorted(figures)[max(0, math.ceil(len(figures) * share) - 1)]
