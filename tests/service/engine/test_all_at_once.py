"""A worker as it comes runs a sync of every shipped provider at once, after few commits."""

from __future__ import annotations

import math

from service.engine.engine_worker import MOST_ROWS
from service.providers.adapter import adapter_slugs
from tests.service.engine.conftest import Installation
from tests.support.provider_server import Answer
from tests.support.waiting import wait_until

# The engine's events have the time at which their transaction began.
FETCHES = """
select count(distinct e.at) as n from procrastinate.procrastinate_events e where e.type = 'started'
"""
RUNNING = "select from procrastinate.procrastinate_jobs where status = 'doing'"


def add_providers(installation: Installation, number: int) -> list[str]:
    names = [f"p{each}" for each in range(number)]
    installation.queue.connection.execute(
        "insert into pricing_providers (slug, name, adapter, base_url)"
        " select name, name, 'openrouter', %s from unnest(%s::text[]) as name",
        [installation.providers.base_url("openrouter"), names],
    )
    return names


def test_all_providers_are_asked_before_the_first_has_answered(installation: Installation) -> None:
    queue, providers = installation.queue, installation.providers
    names = add_providers(installation, len(adapter_slugs()))
    providers.answer("openrouter", Answer(held=True))
    try:
        installation.start_worker()
        job_id = queue.trigger(*names)
        wait_until(
            lambda: providers.peak("openrouter") == len(names), what="all providers are asked"
        )
        assert queue.row(FETCHES)["n"] == math.ceil(len(names) / MOST_ROWS)
        providers.release()
        job = queue.wait_for_end(job_id)
        assert (job["outcome"], job["providers_synced"]) == ("success", len(names))
    finally:
        queue.connection.execute("delete from pricing_providers where slug = any (%s)", [names])


def test_a_worker_takes_no_more_than_it_can_begin(installation: Installation) -> None:
    queue, providers = installation.queue, installation.providers
    names = add_providers(installation, 5)
    providers.answer("openrouter", Answer(held=True))
    try:
        job_id = queue.trigger(*names)
        installation.start_worker(PRICING_WORKER_CONCURRENCY="3")
        wait_until(lambda: providers.peak("openrouter") == 3, what="three providers are asked")
        assert len(queue.rows(RUNNING)) == 3
        providers.release()
        assert queue.wait_for_end(job_id)["outcome"] == "success"
    finally:
        queue.connection.execute("delete from pricing_providers where slug = any (%s)", [names])
