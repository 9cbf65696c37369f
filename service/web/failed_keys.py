"""Who has failed to authenticate lately: those are slowed, and nobody else is.

Each attempt is judged first, so a right key is answered at once whatever others do with its id or
from its address: no one can lock its holder out. Only failures beyond the budget of their client
or key id are held back and answered 429.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from service.environment.trusted_proxies import network_of

# A person's typing errors, or a script that was given an old key.
BURST = 20
SECONDS_PER_TOKEN = 3.0
DELAY_SECONDS = 1.0
# Those that are held back take connections: beyond this they are answered at once.
MOST_DELAYED = 50
# An entry has some 200 bytes. A full budget is the same as none, so the oldest can go.
MOST_ENTRIES = 10_000


class Budgets:
    """A token bucket for each of the last ``MOST_ENTRIES`` names."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._spent)

    def spend(self, name: str) -> float:
        """Take a token; returns the seconds until there would be one, 0 if there was."""
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
        """Count one failure; after a pause the seconds to wait, None while the budget lasts."""
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
