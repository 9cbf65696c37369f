"""Delay clients and key ids that fail to authenticate too often.

A key is checked first, so a valid key is never delayed, whatever other clients do with its id or
from its address. Only failures beyond the budget of their client or key id are delayed and
answered 429.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from service.environment.trusted_proxies import network_of

# Enough for typing errors, or a script with an old key.
BURST = 20
SECONDS_PER_TOKEN = 3.0
DELAY_SECONDS = 1.0
# Delayed requests take connections: beyond this number failures are answered at once.
MOST_DELAYED = 50
# An entry has about 200 bytes. The oldest is dropped, which refills its budget.
MOST_ENTRIES = 10_000


class Budgets:
    """A token bucket for each of the last ``MOST_ENTRIES`` names."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._spent)

    def spend(self, name: str) -> float:
        """Take a token; returns 0, or the seconds until there is one."""
        now = self._clock()
        spent, at = self._spent.pop(name, (0.0, now))
        spent = max(0.0, spent - (now - at) / SECONDS_PER_TOKEN)
        lacking = spent + 1 - BURST
        if lacking <= 0:
            spent += 1
        self._spent[name] = (spent, now)
        if len(self._spent) > MOST_ENTRIES:
            self._spent.popitem(last=False)
        return max(0.0, lacking * SECONDS_PER_TOKEN)


class FailedKeys:
    def __init__(self, most_connections: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clients = Budgets(clock)
        self._key_ids = Budgets(clock)
        self._delayed = 0
        self._most_delayed = min(MOST_DELAYED, most_connections // 4)

    async def delay(self, client: str | None, key_id: str | None) -> int | None:
        """Count one failure; None within the budget, else the seconds to wait, after a pause."""
        lacking = 0.0
        if client is not None:
            lacking = self._clients.spend(network_of(client))
        if key_id is not None:
            lacking = max(lacking, self._key_ids.spend(key_id))
        if lacking <= 0:
            return None
        if self._delayed < self._most_delayed:
            self._delayed += 1
            try:
                await asyncio.sleep(DELAY_SECONDS)
            finally:
                self._delayed -= 1
        return math.ceil(lacking)
