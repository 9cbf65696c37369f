from __future__ import annotations

import asyncio

from service.web.database.web_database import WebDatabase
from tests.service.web.running import settings_for

CALLS = 300


def test_connections_are_lent_in_the_order_in_which_they_are_asked_for(database: str) -> None:
    """No call that comes later overtakes one that waits, not even just before its turn."""

    async def answered() -> list[int]:
        one = WebDatabase.from_settings(settings_for(database, PRICING_WEB_CONNECTIONS="2"))
        await one.open()
        ended: list[int] = []

        async def call(number: int) -> None:
            await one.rows("select 1")
            ended.append(number)

        async with asyncio.TaskGroup() as calls:
            for number in range(CALLS):
                calls.create_task(call(number))
                await asyncio.sleep(0)
                # As requests come: some while a connection is on its way to the next.
                if number % 10 == 0:
                    await one.rows("select 1")
        await one.close()
        return ended

    assert asyncio.run(answered()) == list(range(CALLS))
