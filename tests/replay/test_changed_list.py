"""A real list that goes wrong as a whole, or in a part of it: no wrong price gets in force."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from service.prices.price_list import to_apply_rows
from service.providers.adapter import adapter
from tests.db.pricing import Pricing
from tests.replay import list_changes as ways
from tests.replay.list_changes import Way
from tests.replay.published import AXES
from tests.support.postgres import Cluster
from tests.support.recordings import needs_recordings, recordings

pytestmark = needs_recordings

IN_FORCE = (
    f"select model_id, conditions, {', '.join(sorted(AXES))} from model_pricing order by model_id"
)
CHANGES: dict[str, Way] = {
    "prompt and completion swapped": ways.swapped,
    "prompt := completion": ways.copied("completion", "prompt"),
    "completion := prompt": ways.copied("prompt", "completion"),
    "all x 0.86": ways.times("0.86"),
    "every fourth x 7.1": ways.times("7.1", one_in=4),
    "every fourth x 9": ways.times("9", one_in=4),
    "completion renamed": ways.renamed("completion", "output"),
    "all x 7.1": ways.times("7.1"),
    "all x 9": ways.times("9"),
    "all x 0.01": ways.times("0.01"),
    "every tenth x 100": ways.times("100", one_in=10),
    "every tenth x 1000": ways.times("1000", one_in=10),
}
OTHERS: dict[str, Way | partial[dict[str, Any]]] = {
    "all in cents": ways.times("100"),
    "all per 1K tokens": ways.times("1000"),
    "all x 1.2, with tax": ways.times("1.2"),
    "all x 1.01": ways.times("1.01"),
    "every fifth x 0.86": ways.times("0.86", one_in=5),
    "every sixth x 1.17": ways.times("1.17", one_in=6),
    "every second x 0.92, with noise": ways.times("0.92", one_in=2, noise=3),
    "one price of each x 0.86": ways.one_price_of_each("0.86"),
    "one price of each x 0.1": ways.one_price_of_each("0.1"),
    "only the output x 0.86": ways.times("0.86", only={"completion"}),
    "only the output x 3": ways.times("3", only={"completion"}),
    "only the cache read x 4": ways.times("4", only={"input_cache_read"}),
    "every third output x 2": ways.times("2", one_in=3, only={"completion"}),
    "prompt renamed": ways.renamed("prompt", "input"),
    "input_cache_read renamed": ways.renamed("input_cache_read", "cached"),
    "web_search renamed": ways.renamed("web_search", "search"),
    "web_search x 10": ways.times("10", only={"web_search"}),
    "overrides renamed": ways.renamed("overrides", "tiers"),
    "completion unknown": ways.all_to("completion", "-1"),
    "completion zero": ways.all_to("completion", "0"),
    "web_search zero": ways.all_to("web_search", "0"),
    "prices of the model before": partial(ways.of_another_model, by=1),
    "prices shuffled": partial(ways.shuffled, seed=1),
}


@pytest.fixture(scope="module")
def listed() -> dict[str, Any]:
    (path,) = recordings("openrouter-2026-08-22.json")
    read: dict[str, Any] = json.loads(path.read_bytes())
    return read


@pytest.fixture(scope="module")
def synced(migrated_cluster: Cluster, listed: dict[str, Any]) -> Iterator[Pricing]:
    """A database that has the list as it was."""
    with (
        migrated_cluster.database(template=migrated_cluster.template) as name,
        psycopg.connect(
            migrated_cluster.url_of(name), autocommit=True, row_factory=dict_row
        ) as connection,
    ):
        pricing = Pricing(connection)
        pricing.do("update pricing_providers set enabled = true, guards_enabled = true")
        _sync(pricing, _rows(listed))
        yield pricing


@pytest.mark.parametrize(
    "name", [*CHANGES, *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)]
)
def test_no_wrong_price_is_in_force(synced: Pricing, listed: dict[str, Any], name: str) -> None:
    way = (CHANGES | OTHERS)[name]
    wrong = _rows(way(listed) if isinstance(way, partial) else ways.changed(listed, way))
    right = synced.rows(IN_FORCE)
    with synced.connection.transaction(force_rollback=True):
        _sync(synced, wrong)
        assert _differing(right, synced.rows(IN_FORCE)) == []
        # Nor when the list says it again for two days.
        synced.do(
            "update pricing_held_changes set first_seen_at = first_seen_at - interval '1 day'"
        )
        for _ in range(2):
            _sync(synced, wrong)
        assert _differing(right, synced.rows(IN_FORCE)) == []


def _rows(listed: dict[str, Any]) -> list[dict[str, Any]]:
    read = adapter("openrouter").parse(json.dumps(listed).encode())
    assert read.skipped == ()
    return to_apply_rows(read, "openrouter", "api:openrouter")


def _sync(pricing: Pricing, rows: list[dict[str, Any]]) -> None:
    """Sync the list; one that is refused changes nothing."""
    attempt = pricing.start("openrouter")
    try:
        with pricing.connection.transaction():
            pricing.apply(attempt, rows)
    except psycopg.Error as error:
        assert error.sqlstate == "PT422", error
        pricing.do("reset role")
        pricing.end(attempt, "failed", "prices_gone", str(error))


def _differing(right: list[DictRow], now: list[DictRow]) -> list[Any]:
    return [(a, b) for a, b in zip(right, now, strict=True) if a != b][:3]
