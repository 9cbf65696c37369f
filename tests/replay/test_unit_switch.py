"""A provider that switches its unit changes no price, however often it publishes the list."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from psycopg.rows import DictRow

from service.providers.adapter import adapter, adapter_slugs
from tests.replay.published import AXES, TOKEN_AXES
from tests.replay.switches import switch_unit
from tests.support.processes import Processes
from tests.support.provider_server import ProviderServer
from tests.support.provider_shapes import SHAPES
from tests.support.syncing import Queue, StartWorker

pytestmark = pytest.mark.long

PROVIDERS = [slug for slug in adapter_slugs() if slug in SHAPES and adapter(slug).price_api]
# The factor, and the number of models in each list: too few for the rule about whole lists where
# the factor is the smallest that is suspicious for one model.
SWITCHES = [("1e2", 3), ("1e3", 8), ("1e6", 8), ("1e-2", 3), ("1e-3", 8), ("1e-6", 8)]
FURTHER_SYNCS = 10
# The shipped providers with a price API.
FEWEST = 15

PRICES = f"select provider_slug, model_id, conditions, {', '.join(sorted(AXES))} from model_pricing"
POSITIVE = " or ".join(f"{axis} > 0" for axis in sorted(TOKEN_AXES))


@pytest.mark.parametrize(("factor", "models"), SWITCHES)
def test_a_provider_that_switches_its_unit_changes_no_price(
    factor: str,
    models: int,
    queue: Queue,
    providers: ProviderServer,
    processes: Processes,
    start_worker: StartWorker,
) -> None:
    assert len(PROVIDERS) >= FEWEST
    _prepare(queue, providers, processes, models)
    start_worker()
    _sync(queue)
    queue.connection.execute("update pricing_providers set guards_enabled = true")
    prices = queue.rows(f"{PRICES} order by 1, 2")
    changes = queue.rows("select id from model_pricing_history order by id")
    priced = queue.rows(f"{PRICES} where {POSITIVE} order by 1, 2")
    assert {row["provider_slug"] for row in priced} == set(PROVIDERS)

    right = {slug: deepcopy(providers.body(slug)) for slug in PROVIDERS}
    for slug in PROVIDERS:
        switch_unit(providers.body(slug), Decimal(factor))
    for repetition in range(1 + FURTHER_SYNCS):
        _sync(queue)
        held = _held(queue)
        assert _names(held) == _names(priced), repetition
        assert {row["class"] for row in held} == {"unit"}
        assert {row["times_seen"] for row in held} == {repetition + 1}
        assert all("unit" in row["reason"] for row in held)
        assert queue.rows(f"{PRICES} order by 1, 2") == prices, repetition
        assert queue.rows("select id from model_pricing_history order by id") == changes
        queue.connection.execute(
            "update pricing_held_changes set first_seen_at = first_seen_at - interval '2 days'"
        )

    # The provider switches back, and nothing is held any more.
    for slug, body in right.items():
        _put(providers.body(slug), body)
    _sync(queue)
    assert _held(queue) == []
    assert queue.rows(f"{PRICES} order by 1, 2") == prices


def _prepare(queue: Queue, providers: ProviderServer, processes: Processes, models: int) -> None:
    hosts = []
    for slug in PROVIDERS:
        providers.fill(slug, models)
        queue.connection.execute(
            "update pricing_providers set enabled = true, base_url = %s where slug = %s",
            [providers.base_url(slug), slug],
        )
        if (variable := adapter(slug).credential_variable) is not None:
            processes.environment[variable] = "a-key-that-only-tests-know"
            hosts.append(f"{variable}={urlsplit(providers.base_url(slug)).netloc}")
    processes.environment["PRICING_CREDENTIAL_HOSTS"] = ",".join(hosts)


def _sync(queue: Queue) -> None:
    job_id = queue.trigger(*PROVIDERS)
    job = queue.wait_for_end(job_id, timeout=60)
    assert job["outcome"] == "success", queue.attempts(job_id)
    skipped = {
        a["provider_slug"]: a["details"] for a in queue.attempts(job_id) if a["models_skipped"]
    }
    assert skipped == {}


def _held(queue: Queue) -> list[DictRow]:
    return queue.rows(
        "select h.*, m.model_id from pricing_held_all h"
        " join model_pricing m on m.id = h.model_id"
        " where h.status = 'held' order by h.provider_slug, m.model_id"
    )


def _names(rows: list[DictRow]) -> list[tuple[str, str]]:
    return [(row["provider_slug"], row["model_id"]) for row in rows]


def _put(body: Any, other: Any) -> None:
    body.clear()
    if isinstance(body, dict):
        body.update(other)
    else:
        body.extend(other)
