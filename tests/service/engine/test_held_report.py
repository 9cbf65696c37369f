"""A worker's log says what waits for a person, without repeating itself."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg.rows import DictRow

from service.engine.app import PricingApp
from service.engine.connector import PricingConnector
from service.engine.held_report import LOOK_SECONDS, REPEAT_SECONDS, HeldReport
from tests.db.price_decisions import call, held, prices, said
from tests.db.pricing import Pricing

LOGGER = "service.engine.held_report"


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def app(database: str, clean_environment: pytest.MonkeyPatch) -> AsyncIterator[PricingApp]:
    clean_environment.setenv("DATABASE_URL", database)
    app = PricingApp(connector=PricingConnector(size=2))
    async with app.open_async():
        yield app


@pytest.mark.anyio
async def test_what_waits_is_logged_when_it_changes_and_once_an_hour(
    app: PricingApp,
    connection: psycopg.Connection[DictRow],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    people, clock = Pricing(connection), Clock()
    report = HeldReport(app.job_manager, clock)

    async def told(after: float = LOOK_SECONDS) -> list[tuple[int, str]]:
        caplog.clear()
        clock.seconds += after
        await report.tell()
        return [(each.levelno, each.getMessage()) for each in caplog.records if each.name == LOGGER]

    assert await told() == []
    said(people, {f"m{number}": prices(1, 2) for number in range(9)})
    since = people.value("select now() - interval '50 hours'")
    first = held(people, "m1", prices(300, 2), first_seen_at=since)
    assert await told(LOOK_SECONDS / 2) == [], "it looks rarely"
    ((level, text),) = await told()
    assert level == logging.INFO
    assert "1 price change waits" in text and "2 d" in text
    assert await told() == []

    for number in (2, 3):
        held(people, f"m{number}", prices(300, 2))
    ((level, text),) = await told()
    assert level == logging.WARNING
    assert "3 price changes wait" in text and "openrouter" in text
    assert await told(REPEAT_SECONDS - 1) == []
    assert len(await told()) == 1

    call(people, "reject_held_price_change", id=first, rejected_by="ann")
    ((_, text),) = await told()
    assert "2 price changes wait" in text
    people.do("update public.pricing_held_changes set status = 'withdrawn', decided_at = now()")
    assert len(await told()) == 1
    assert await told(REPEAT_SECONDS) == []
