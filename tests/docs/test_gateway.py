"""Runs the price cache of docs/gateway.md, read from the file, while prices change."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from service.prices.catalogue import read_catalogue
from service.prices.price_list import to_apply_rows
from tests.db.price_decisions import (
    INPUT,
    OUTPUT,
    call,
    ended_job,
    held,
    listed,
    override,
    prices,
    said,
)
from tests.db.prices.requests import (
    WORDS,
    random_condition,
    random_set,
    random_time,
    random_usage,
)
from tests.db.prices.test_price_request import NO_USAGES
from tests.db.pricing import Pricing, Row, price
from tests.docs.blocks import blocks
from tests.support.odd_payloads import odd_payloads
from tests.support.postgres import Cluster
from tests.support.waiting import wait_until

DOCUMENT = "docs/gateway.md"
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
REASONING, SECOND = "price_per_reasoning_token", "price_per_audio_second"
ABSENT_IS_NONE = ("price_per_image", "price_per_request", "price_per_web_search")
PROVIDERS = ("openrouter", "deepinfra", "somebody-else")

Start = Callable[[], Any]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    (block,) = [block for block in blocks(DOCUMENT) if block.language == "python"]
    path = tmp_path_factory.mktemp("gateway") / "gateway.py"
    path.write_text(block.text)
    yield load(path)
    del sys.modules["gateway"]


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("gateway", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gateway"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def url(connection: psycopg.Connection[DictRow], migrated_cluster: Cluster) -> str:
    return migrated_cluster.url_of(connection.info.dbname)


@pytest.fixture
def pricing(connection: psycopg.Connection[DictRow]) -> Pricing:
    return Pricing(connection)


@pytest.fixture
def start(gateway: ModuleType, url: str) -> Iterator[Start]:
    """A function that starts a cache in a thread and returns when the cache has loaded."""
    started: list[Any] = []
    with ThreadPoolExecutor(8) as threads:

        def start() -> Any:
            cache = gateway.PriceCache(url)
            started.append((cache, threads.submit(cache.keep_fresh)))
            assert cache.loaded.wait(30)
            return cache

        yield start
        for cache, _ in started:
            cache.stop()
        for _, ended in started:
            ended.result(60)


def in_force(pricing: Pricing) -> dict[tuple[str, str], dict[str, Decimal | None]]:
    return {
        (row["provider_slug"], row["model_id"]): {
            key: Decimal(0)
            if value is None and row["is_priced"] and key in ABSENT_IS_NONE
            else value
            for key, value in row.items()
            if key.startswith("price_per_") and not (key == REASONING and value is None)
        }
        for row in pricing.rows(
            "select *, public.pricing_price_set(to_jsonb(m)) <> '{}' as is_priced"
            " from public.model_pricing m"
        )
    }


def cached(cache: Any) -> dict[tuple[str, str], Any]:
    return {
        (provider, model): cache.price(provider, model, {}, NOON)
        for provider, models in cache._models.items()
        for model in models
    }


def wait_until_fresh(pricing: Pricing, *caches: Any) -> None:
    now = in_force(pricing)
    wait_until(lambda: all(cached(cache) == now for cache in caches), 60, "they are fresh")


def test_every_kind_of_change_arrives(pricing: Pricing, start: Start) -> None:
    said(pricing, {"m": prices(1, 2)})
    cache = start()
    wait_until_fresh(pricing, cache)

    job_id = said(pricing, {"m": prices(3, 2), "new": prices(1, 2)})
    wait_until_fresh(pricing, cache)
    waits = held(pricing, "m", prices(300, 2))
    call(pricing, "approve_held_price_change", id=waits)
    wait_until_fresh(pricing, cache)
    override(pricing, input_per_1m=5)
    wait_until_fresh(pricing, cache)
    assert cache.price("openrouter", "m", {}, NOON)[INPUT] == Decimal("0.000005")
    pricing.do("update public.pricing_overrides set expires_at = now()")
    pricing.rows("select public.tick_pricing_schedule('worker')")
    wait_until_fresh(pricing, cache)
    call(pricing, "rollback_pricing_sync", job_id=job_id, dry_run=False)
    wait_until_fresh(pricing, cache)
    assert cache.price("openrouter", "new", {}, NOON)[INPUT] is None
    pricing.sync("openrouter", [price("m", "7"), price("new")])
    wait_until_fresh(pricing, cache)
    assert cache.price("openrouter", "m", {}, NOON)[INPUT] == 7


def test_what_others_say_on_the_channel_stops_and_fills_nothing(
    pricing: Pricing, start: Start
) -> None:
    said(pricing, {"m": prices(1, 2)})
    cache = start()
    for payload in (*odd_payloads(), '{"provider": "\\u0000"}', '{"provider": "made-up"}'):
        pricing.rows("select pg_notify('pricing_changed', %s)", payload)
    said(pricing, {"m": prices(3, 2)})
    wait_until_fresh(pricing, cache)
    assert set(cache._models) == {"openrouter"}


def test_no_change_is_missed_while_many_come_and_connections_break(
    pricing: Pricing, start: Start, url: str
) -> None:
    for provider in PROVIDERS:
        listed(pricing, "m1", "m2", provider=provider)
    quiet = Event()
    changes = Counter[str]()

    def change(provider: str) -> None:
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            writer = Pricing(connection)
            while not quiet.is_set():
                changes[provider] += 1
                number = changes[provider]
                if number % 3 == 0:
                    override(writer, "m1", provider=provider, input_per_1m=number)
                else:
                    said(writer, {f"m{number % 3}": prices(number, 2)}, provider=provider)

    def wait_for_changes() -> None:
        enough = {provider: changes[provider] + 5 for provider in PROVIDERS}
        wait_until(lambda: all(changes[p] >= enough[p] for p in PROVIDERS), 60, "changes come")

    with ThreadPoolExecutor(len(PROVIDERS)) as threads:
        writers = [threads.submit(change, provider) for provider in PROVIDERS]
        try:
            caches = [start() for _ in range(3)]
            for _ in range(3):
                wait_for_changes()
                pricing.do(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and query = 'select 1' and pid <> %s",
                    pricing.backend,
                )
                caches.append(start())
            wait_for_changes()
        finally:
            quiet.set()
        for writer in writers:
            writer.result(60)
    wait_until_fresh(pricing, *caches)


def test_a_change_right_after_the_first_load_is_not_missed(
    pricing: Pricing, gateway: ModuleType, url: str
) -> None:
    said(pricing, {"m": prices(1, 2)})

    class Unlucky(gateway.PriceCache):  # type: ignore[name-defined, misc]
        def _load(self, connection: object, provider: str | None = None) -> None:
            super()._load(connection, provider)
            if provider is None:
                said(pricing, {"m": prices(3, 2)})

    cache = Unlucky(url)
    with ThreadPoolExecutor(1) as threads:
        ended = threads.submit(cache.keep_fresh)
        try:
            assert cache.loaded.wait(30)
            wait_until(
                lambda: cache.price("openrouter", "m", {}, NOON)[INPUT] == Decimal("0.000003"),
                what="the change arrives",
            )
        finally:
            cache.stop()
        ended.result(60)


def test_the_polling_statement_shows_every_change(pricing: Pricing) -> None:
    poll = [block.text for block in blocks(DOCUMENT) if block.language == "sql"][1]
    said(pricing, {"m": prices(1, 2)})
    said(pricing, {"m": prices(1, 2)}, provider="deepinfra")

    def seen() -> dict[str, Any]:
        return {r["provider_slug"]: r["last_changed_at"] for r in pricing.rows(poll)}

    def change(act: Callable[[], object]) -> set[str]:
        before = seen()
        act()
        return {provider for provider, at in seen().items() if before[provider] != at}

    job_id = ended_job(pricing)
    assert change(lambda: said(pricing, {"m": prices(3, 2)}, job_id=job_id)) == {"openrouter"}
    assert change(lambda: override(pricing, input_per_1m=5)) == {"openrouter"}
    clear = {"provider": "openrouter", "model": "m"}
    assert change(lambda: call(pricing, "clear_price_override", **clear)) == {"openrouter"}
    back = {"job_id": job_id, "dry_run": False}
    assert change(lambda: call(pricing, "rollback_pricing_sync", **back)) == {"openrouter"}
    assert change(lambda: held(pricing, "m", prices(300, 2), provider="deepinfra")) == set()


def test_the_one_query(pricing: Pricing) -> None:
    query = next(block.text for block in blocks(DOCUMENT) if block.language == "sql")
    said(pricing, {"m": prices(1, 2)})
    with pricing.as_role("pricing_web"):
        (row,) = pricing.rows(query)
    assert (row["model_id"], row[INPUT]) == ("m", Decimal("0.000001"))


# Billing.


def test_unknown_is_not_billed(pricing: Pricing, start: Start) -> None:
    said(pricing, {"m": prices(1, 2, price_per_request="0.01"), "free": prices(0, 0)})
    said(pricing, {"half": prices(1, None)})
    listed(pricing, "unknown")
    cache = start()

    def cost(model: str, provider: str = "openrouter") -> Decimal | None:
        usage = {"input_tokens": 1000, "output_tokens": 100}
        found: Decimal | None = cache.cost(provider, model, usage, NOON)
        return found

    assert cost("m") == Decimal("0.0112")
    assert cost("free") == 0
    assert [cost(model) for model in ("half", "unknown", "M", "none")] == [None] * 4
    assert cost("m", "deepinfra") is None


LONG: Row = {"min_prompt_tokens": 1000, INPUT: "2", OUTPUT: "20"}
LONGER: Row = {"min_prompt_tokens": 5000, INPUT: "3"}
NIGHT: Row = {"utc_start": 2200, "utc_end": 600, INPUT: "0.5"}
LUNCH: Row = {"utc_start": 1200, "utc_end": 1330, OUTPUT: "5"}
WEEKEND: Row = {"utc_days": ["saturday", "sunday"], INPUT: "0.1"}
ENDS: Row = {"effective_until": "2026-11-18T12:00:00Z", INPUT: "0.1"}
BEGINS: Row = {"effective_from": "2026-11-18T12:00:00Z", OUTPUT: "7"}
BATCH_REASONING: Row = {"service_tier": "batch", "reasoning_per_1m": 0}
STRANGE: Row = {"min_prompt_tokens": 0, "phase_of_moon": "full", OUTPUT: "1"}


@pytest.mark.parametrize(
    ("conditions", "tokens", "at", "charged"),
    [
        ([LONG], 1000, "2026-11-18T12:00Z", ("1", "10")),
        ([LONG], 1001, "2026-11-18T12:00Z", ("2", "20")),
        ([LONG, LONGER], 5001, "2026-11-18T12:00Z", ("3", "20")),
        ([LONGER, LONG], 5001, "2026-11-18T12:00Z", ("2", "20")),
        ([NIGHT], 1, "2026-11-18T21:59Z", ("1", "10")),
        ([NIGHT], 1, "2026-11-18T22:00Z", ("0.5", "10")),
        ([NIGHT], 1, "2026-11-18T05:59:59Z", ("0.5", "10")),
        ([NIGHT], 1, "2026-11-18T06:00Z", ("1", "10")),
        ([NIGHT], 1, "2026-11-18T23:30+02:00", ("1", "10")),
        ([LUNCH], 1, "2026-11-18T12:00Z", ("1", "5")),
        ([LUNCH], 1, "2026-11-18T13:30Z", ("1", "10")),
        ([WEEKEND], 1, "2026-11-18T12:00Z", ("1", "10")),
        ([WEEKEND], 1, "2026-11-22T12:00Z", ("0.1", "10")),
        ([ENDS, BEGINS], 1, "2026-11-18T11:59:59.999Z", ("0.1", "10")),
        ([ENDS, BEGINS], 1, "2026-11-18T12:00Z", ("1", "7")),
        ([LONG, NIGHT], 1001, "2026-11-18T23:00Z", ("0.5", "20")),
        ([STRANGE], 1, "2026-11-18T12:00Z", ("1", None)),
        # Where another of its keys fails, an entry does not apply, whatever the strange one means.
        ([STRANGE], 0, "2026-11-18T12:00Z", ("1", "10")),
    ],
)
def test_conditions(
    pricing: Pricing,
    gateway: ModuleType,
    start: Start,
    conditions: list[Row],
    tokens: int,
    at: str,
    charged: tuple[str | None, str | None],
) -> None:
    priced = {INPUT: "1", OUTPUT: "10", "conditions": conditions}
    said(pricing, {"m": priced}, at=datetime(2026, 1, 1, tzinfo=UTC))
    usage = {"input_tokens": tokens}
    time = datetime.fromisoformat(at)
    found = start().price("openrouter", "m", usage, time)
    assert (found[INPUT], found[OUTPUT]) == tuple(
        None if amount is None else Decimal(amount) for amount in charged
    )
    # The rule of the database.
    holds = pricing.rows(
        "select public.pricing_condition_holds(c, %s, %s) as holds"
        " from jsonb_array_elements(%s) with ordinality as e (c, place) order by place",
        *(Jsonb(usage), time, Jsonb(conditions)),
    )
    assert [row["holds"] for row in holds] == [
        gateway._holds(c, usage, time.astimezone(UTC)) for c in conditions
    ]


def test_the_statement_that_bills(pricing: Pricing) -> None:
    statement = [block.text for block in blocks(DOCUMENT) if block.language == "sql"][2]
    said(pricing, {"openai/gpt-4o": prices("2.5", 10)})
    with pricing.as_role("pricing_web"):
        (row,) = pricing.rows(statement)
    assert row["cost"] == Decimal("0.0045")


@pytest.mark.parametrize("usage", NO_USAGES, ids=str)
def test_a_usage_that_the_database_refuses_is_no_usage(gateway: ModuleType, usage: Row) -> None:
    with pytest.raises(ValueError, match=r"usage|twice|parts"):
        gateway.PriceCache("").cost("openrouter", "m", usage, NOON)


def test_a_reasoning_price_of_0_is_none(pricing: Pricing, start: Start) -> None:
    said(pricing, {"m": prices(1, 2, **{REASONING: "0.000003"})})
    override(pricing, prices={"reasoning_per_1m": 0, "conditions": [BATCH_REASONING]}, force=True)
    cache = start()
    for words in ({}, {"service_tier": "batch"}):
        usage = {"output_tokens": 1000, "reasoning_tokens": 400} | words
        at = datetime.now(UTC)
        arguments = {"provider": "openrouter", "model": "m", "usage": usage, "at": at}
        (row,) = call(pricing, "price_request", **arguments)
        assert row["cost"] == cache.cost("openrouter", "m", usage, at) == Decimal("0.002")


def test_a_bound_with_a_fraction_is_exact(pricing: Pricing, start: Start) -> None:
    minimum = {"max_audio_seconds": 10.1, SECOND: "0", "price_per_request": "0.5"}
    said(pricing, {"m": prices(1, 2, **{SECOND: "0.001"}, conditions=[minimum])})
    cache = start()
    for seconds, cost in (("10.1", "0.5"), (10.1, "0.5"), ("10.2", "0.0102")):
        usage, at = {"audio_seconds": seconds}, datetime.now(UTC)
        arguments = {"provider": "openrouter", "model": "m", "usage": usage, "at": at}
        (row,) = call(pricing, "price_request", **arguments)
        assert row["cost"] == cache.cost("openrouter", "m", usage, at) == Decimal(cost)


COSTS = (
    "select b.cost from jsonb_to_recordset(%s)"
    " as r (place bigint, provider text, model text, usage jsonb, at timestamptz)"
    " cross join lateral public.price_request(r.provider, r.model, r.usage, r.at) b"
    " order by r.place"
)


def assert_same_costs(
    pricing: Pricing, cache: Any, chance: random.Random, models: list[tuple[str, str]], count: int
) -> None:
    """The program and price_request bill ``count`` random requests for these models alike."""
    asked = [
        (*chance.choice(models), random_usage(chance), random_time(chance)) for _ in range(count)
    ]
    rows = pricing.rows(
        COSTS,
        Jsonb(
            [
                {"place": place, "provider": p, "model": m, "usage": usage, "at": at.isoformat()}
                for place, (p, m, usage, at) in enumerate(asked)
            ]
        ),
    )
    billed = [cache.cost(*request) for request in asked]
    for request, row, cost in zip(asked, rows, billed, strict=True):
        assert row["cost"] == cost, (request, cache._models[request[0]][request[1]])
    known = [cost for cost in billed if cost is not None]
    assert count / 20 < len(known) < count


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
def test_it_bills_as_the_database_does(
    pricing: Pricing, gateway: ModuleType, url: str, seed: int
) -> None:
    chance = random.Random(seed)
    names = [("openrouter", f"m{number}") for number in range(30)]
    said(pricing, {m: random_set(chance) for _, m in names}, at=datetime(2025, 1, 1, tzinfo=UTC))
    cache = gateway.PriceCache(url)
    cache._load(pricing.connection)
    assert_same_costs(pricing, cache, chance, names, 100)


@pytest.mark.long
def test_it_bills_real_models_as_the_database_does(
    pricing: Pricing, gateway: ModuleType, url: str
) -> None:
    """10,000 requests; each model of the catalogue, and a random condition beside its own."""
    chance = random.Random(7)
    listed_at = datetime(2025, 1, 1, tzinfo=UTC)
    rows: list[Any] = to_apply_rows(read_catalogue(listed_at), "catalogue", "catalogue:test")
    models: dict[str, dict[str, Row]] = {}
    for row in rows:
        own = {key: it for key, it in row.items() if key.startswith("price_per_")}
        conditions = [*row.get("conditions", []), random_condition(chance)]
        priced = models.setdefault(row["provider"], {})
        priced[row["model_id"]] = own | {"conditions": conditions}
    for provider, priced in models.items():
        said(pricing, priced, provider=provider, at=listed_at)
    keys = {
        key
        for priced in models.values()
        for model in priced.values()
        for condition in model["conditions"]
        for key in condition
        if not key.startswith("price_per_")
    }
    assert keys >= {"min_prompt_tokens", "utc_days", "utc_start", "utc_end", "max_audio_seconds"}
    assert keys >= {"effective_from", "effective_until", *WORDS}
    cache = gateway.PriceCache(url)
    cache._load(pricing.connection)
    names = [(provider, model) for provider, priced in models.items() for model in priced]
    assert len(names) > 1500
    for _ in range(20):
        assert_same_costs(pricing, cache, chance, names, 500)
