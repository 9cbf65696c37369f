"""How soon an idle worker enters its handler after a job was committed, beside other queues."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.installation import Installation
from service.bench.ground.list_server import Answer
from service.bench.ground.made_lists import price_list
from service.bench.ground.our_processes import running_processes
from service.bench.measurement import Measurement, share_of
from service.bench.peers.queue_peers import installed_peers, missing_note
from service.bench.scenario import Scenario
from service.errors import BenchFailed

OURS = "ours"
WORKER = "service.bench.peers.queue_worker"
CONCURRENCY = "4"
# Of one queue before it is another's turn.
AT_ONCE = 20
# A worker that has just entered a handler still writes its end, and is idle a moment later.
SETTLE_SECONDS = 0.03
LOST_SECONDS = 30


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    taken: dict[str, list[float]] = {}
    with ExitStack() as stack:
        bell = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        bell.bind(("127.0.0.1", 0))
        bell.settimeout(LOST_SECONDS)
        port = str(bell.getsockname()[1])
        works: dict[str, Callable[[], float]] = {OURS: _ours(ground, port, bell, stack)}
        for peer in installed_peers():
            url = stack.enter_context(ground.server.empty_database())
            peer.open(url, stack)
            processes = stack.enter_context(running_processes(url, ground.signals))
            processes.start(peer.kind, CONCURRENCY, module=WORKER, BENCH_PORT=port)
            defer = peer.defer

            def one(defer: Callable[[], float] = defer) -> float:
                return _between(defer(), bell)

            works[peer.name] = one
        for name, work in works.items():
            for _ in range(5):
                work()
            taken[name] = []
        for number in range(rounds):
            for name in list(works)[:: 1 if number % 2 == 0 else -1]:
                for _ in range(AT_ONCE):
                    time.sleep(SETTLE_SECONDS)
                    taken[name].append(works[name]())
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        shares = {peer: share_of(each, share) for peer, each in taken.items() if peer != OURS}
        best = min(shares, key=lambda peer: shares[peer])
        others = ", ".join(f"{peer} {figure:.1f} ms" for peer, figure in shares.items())
        note = "; ".join(filter(None, [others, missing_note()]))
        yield Measurement(
            f"pick-up.{name}", "commit acknowledged to handler entered, worker idle", "ms",
            tuple(taken[OURS]), f"the best: {best}", tuple(taken[best]), statistic=name, note=note,
        )  # fmt: skip


def _ours(
    ground: BenchGround, port: str, bell: socket.socket, stack: ExitStack
) -> Callable[[], float]:
    installed: Installation = stack.enter_context(ground.installation())
    installed.point("openrouter", Answer(price_list(3), etag=True))
    installed.processes.start("ours", CONCURRENCY, module=WORKER, BENCH_PORT=port)

    def one() -> float:
        job = installed.trigger("openrouter")
        taken = _between(time.time(), bell)
        installed.wait_for(job)
        return taken

    return one


def _between(committed: float, bell: socket.socket) -> float:
    """Milliseconds until the time that the handler sent, by the one clock of this machine."""
    try:
        return (float(bell.recv(64)) - committed) * 1000
    except TimeoutError:
        raise BenchFailed(f"A job was not picked up within {LOST_SECONDS} s.") from None


SCENARIO = Scenario("pick-up", "pick-up by an idle worker", "other queues", measure, 15, 5, 100)
