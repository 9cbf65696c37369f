"""One model's price, read by 64 clients at once, beside a bare route with the same query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.http_load import http_load, http_request
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import price_list
from service.bench.ground.our_processes import ADMIN_KEY
from service.bench.measurement import Measurement, share_of
from service.bench.scenario import Scenario
from service.bench.turns import in_turn

CLIENTS = 64
MODELS = 400
SECONDS = 2.0


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    query = urlencode({"provider": "openrouter", "model_id": "maker/model-7"})
    ours = http_request(f"/admin/pricing/models/one?{query}", key=ADMIN_KEY)
    bare = http_request(f"/one?{query}")
    with ground.installation() as installed:
        installed.point("openrouter", Answer(price_list(MODELS)))
        worker = installed.worker()
        installed.sync("openrouter")
        worker.stop()
        installed.execute("vacuum analyze")
        with installed.web() as (web, _), installed.bare_route() as peer:
            all_times: dict[str, list[list[float]]] = {"ours": [], "peer": []}

            def load(name: str, port: int, request: bytes) -> float:
                times = http_load(port, request, CLIENTS, SECONDS)
                all_times[name].append(times)
                return share_of(times, 0.5)

            works: dict[str, Callable[[], float]] = {
                "ours": lambda: load("ours", web.port, ours),
                "peer": lambda: load("peer", peer.port, bare),
            }
            for work in works.values():
                work()
            for times in all_times.values():
                times.clear()
            in_turn(rounds, works)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        yield Measurement(
            f"reads.{name}",
            f"{name} of each round of {SECONDS:g} s, {CLIENTS} clients",
            "ms",
            tuple(share_of(times, share) for times in all_times["ours"]),
            "a bare Starlette route with the same query",
            tuple(share_of(times, share) for times in all_times["peer"]),
        )
    yield Measurement(
        "reads.rate",
        "answers in a second",
        "/s",
        tuple(len(times) / SECONDS for times in all_times["ours"]),
        "a bare Starlette route with the same query",
        tuple(len(times) / SECONDS for times in all_times["peer"]),
    )


SCENARIO = Scenario(
    "reads", "one model read by 64 clients", "a bare Starlette route", measure, 8, 4, 90
)
