"""What the syncs of one worker share."""

from __future__ import annotations

import asyncio
import sys

from service.sync.fetch_list import sync_tools


async def _switch_seconds() -> float:
    async with sync_tools():
        return sys.getswitchinterval()


def test_a_worker_lets_the_event_loop_run_beside_a_large_list() -> None:
    before = sys.getswitchinterval()
    assert asyncio.run(_switch_seconds()) <= before / 5
    assert sys.getswitchinterval() == before
