"""A worker as it comes runs a sync of every shipped provider at once."""

from __future__ import annotations

from service.providers.adapter import adapter_slugs
from tests.service.engine.conftest import Installation
from tests.support.provider_server import Answer
from tests.support.waiting import wait_until


def test_all_providers_are_asked_before_the_first_has_answered(installation: Installation) -> None:
    queue, providers = installation.queue, installation.providers
    names = [f"p{number}" for number, _ in enumerate(adapter_slugs())]
    queue.connection.execute(
        "insert into pricing_providers (slug, name, adapter, base_url)"
        " select name, name, 'openrouter', %s from unnest(%s::text[]) as name",
        [providers.base_url("openrouter"), names],
    )
    providers.answer("openrouter", Answer(held=True))
    try:
        installation.start_worker()
        job_id = queue.trigger(*names)
        wait_until(
            lambda: providers.peak("openrouter") == len(names), what="all providers are asked"
        )
        providers.release()
        job = queue.wait_for_end(job_id)
        assert (job["outcome"], job["providers_synced"]) == ("success", len(names))
    finally:
        queue.connection.execute("delete from pricing_providers where slug = any (%s)", [names])
