"""The scenarios of operators that need HTTP alone: a sync, ten in a row, ``/health`` meanwhile.

All three are measured by the same ten sync requests.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from service.bench.deployment.deployment_client import MOST_TRIGGERS, Deployment
from service.bench.measurement import Measurement

SYNC_SECONDS = 60.0
LEAST_QUESTIONS = 50
PAUSE_SECONDS = 0.02


def measure_over_http(deployment: Deployment, provider: str) -> Iterator[Measurement]:
    """Ten sync requests of one provider in a row, which run in turn."""
    answers: list[float] = []
    jobs: list[str] = []
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        health = pool.submit(_ask_health, deployment, stop)
        try:
            for _ in range(MOST_TRIGGERS):
                job, taken = deployment.trigger(provider)
                jobs.append(job)
                answers.append(taken)
            found = [deployment.ended(job, SYNC_SECONDS) for job in jobs]
        finally:
            stop.set()
        times = health.result()
    ended = [job for job in found if job is not None]
    run = [job for job in ended if job["outcome"] == "success"]
    durations = tuple(float(job["duration_seconds"] or 0) for job in ended)
    failed = [str(job["error_message"]) for job in ended if job["outcome"] != "success"]
    yield Measurement(
        "operators.2-answer", "2: a sync request is answered", "ms", tuple(answers),
        statistic="most",
    )  # fmt: skip
    yield Measurement(
        "operators.2-sync", f"2: one sync of {provider}, from start to end", "s",
        durations or (SYNC_SECONDS,), statistic="most", note="" if ended else "none has ended",
    )  # fmt: skip
    yield Measurement(
        "operators.6-accepted", "6: of ten sync requests in a row, accepted", "%",
        (len(jobs) / MOST_TRIGGERS * 100,),
    )  # fmt: skip
    yield Measurement(
        "operators.6-run", "6: of ten sync requests in a row, run to success", "%",
        (len(run) / MOST_TRIGGERS * 100,), note=failed[0] if failed else "",
    )  # fmt: skip
    yield Measurement(
        "operators.7-health", "7: `/health` while the syncs run", "ms", tuple(times),
        statistic="p99",
    )  # fmt: skip


def _ask_health(deployment: Deployment, stop: threading.Event) -> list[float]:
    times: list[float] = []
    while not stop.is_set() or len(times) < LEAST_QUESTIONS:
        started = time.perf_counter()
        deployment.get("/health")
        times.append((time.perf_counter() - started) * 1000)
        time.sleep(PAUSE_SECONDS)
    return times
