"""Tell a provider that is out of reach from a machine without any network.

A laptop or a container without a network says nothing about the providers: such attempts fail as
``no_network``, which counts as no failure of the provider.
"""

from __future__ import annotations

import asyncio
import random
import socket
from dataclasses import dataclass, field
from time import monotonic

import httpcore2
import httpx2

from service.errors import FetchError
from service.fetch.checked_network import look_up
from service.providers.adapter import adapter, adapter_slugs

OTHERS = 4
LOOK_UP_SECONDS = 3.0
# The syncs of one job fail at about the same time.
KEPT_SECONDS = 10.0
# Reserved for documentation (RFC 5737, RFC 3849). Nothing is sent: a UDP socket is only routed.
SOMEWHERE = ((socket.AF_INET, "203.0.113.1"), (socket.AF_INET6, "2001:db8::1"))


@dataclass
class NetworkCheck:
    """Whether this machine has a network, asked at most every KEPT_SECONDS."""

    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _answer: tuple[float, bool] | None = None

    async def explained(self, failure: FetchError, host: str) -> FetchError:
        """The failure, or one of kind ``no_network``; ``host``: the provider's."""
        if not failure.may_be_offline or await self._has_network(host):
            return failure
        why = failure.message[:1].lower() + failure.message[1:]
        return FetchError(f"The worker has no network: {why}", code="no_network")

    async def _has_network(self, host: str) -> bool:
        async with self._lock:
            if self._answer is None or monotonic() - self._answer[0] > KEPT_SECONDS:
                self._answer = (monotonic(), has_route() and await _finds_others(host))
            return self._answer[1]


def has_route() -> bool:
    """Whether the system has a route to addresses that are not its own."""
    for family, address in SOMEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, 9))
                return True
        except OSError:
            continue
    return False


async def _finds_others(host: str) -> bool:
    """Whether the name of any other provider can be resolved."""
    hosts = {httpx2.URL(adapter(slug).base_url).host for slug in adapter_slugs()} - {host}
    chosen = random.sample(sorted(hosts), min(OTHERS, len(hosts)))
    tasks = [asyncio.ensure_future(_is_found(each)) for each in chosen]
    try:
        for answer in asyncio.as_completed(tasks):
            if await answer:
                return True
        return False
    finally:
        for task in tasks:
            task.cancel()


async def _is_found(host: str) -> bool:
    try:
        async with asyncio.timeout(LOOK_UP_SECONDS):
            return bool(await look_up(host, 443))
    except (OSError, TimeoutError, httpcore2.ConnectError):
        return False
