"""``bench --url``: measures a deployment over HTTP, and judges it by the same goals."""

from __future__ import annotations

import time
from collections.abc import Mapping

from service.bench.bench_result import BenchResult, ScenarioResult
from service.bench.bench_run import judged
from service.bench.deployment.deployment_client import Deployment, key_of_environment
from service.bench.deployment.over_http import measure_over_http
from service.bench.goals import Goal
from service.bench.machine import this_machine


def measure_deployment(url: str, goals: Mapping[str, Goal]) -> BenchResult:
    """Ten dry runs of the provider with the fewest models: no price is written.

    Raises SettingsError without a key, and BenchFailed when the deployment does not answer or
    refuses the key.
    """
    machine = this_machine()
    started = time.monotonic()
    with Deployment.at(url, key_of_environment(), is_dry=True) as deployment:
        provider = deployment.smallest_provider()
        measured = tuple(
            judged(each, goals, is_loaded=False) for each in measure_over_http(deployment, provider)
        )
    scenario = ScenarioResult(
        "operators", f"ten dry runs of {provider} at {url}", "", 0.0,
        round(time.monotonic() - started, 1), measured,
    )  # fmt: skip
    return BenchResult(machine, True, (scenario,))
