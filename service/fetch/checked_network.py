"""Connects only to public addresses, and checks the very address that it connects to.

A name is resolved once, its addresses are checked, and one of them is connected to. A check of the
name beforehand would be worthless: a second look-up may answer differently (DNS rebinding).
"""

from __future__ import annotations

import _thread
import asyncio
import socket
from collections.abc import Iterable
from contextlib import suppress

import httpcore2

from service.errors import FetchError
from service.fetch.public_addresses import is_public


class NameNotResolved(httpcore2.ConnectError):
    """The name of the host cannot be resolved."""


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Makes connections to public addresses only, unless ``allow_private``.

    One address that is not public refuses the whole host: FetchError ``address_refused``.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failure: Exception = NameNotResolved(f"{host} has no address")
        try:
            async with asyncio.timeout(timeout):
                addresses = await look_up(host, port)
                self._require_allowed(host, addresses)
                # A dead address must leave time for the others.
                share = timeout and max(timeout / (len(addresses) or 1), 1.0)
                for address in addresses:
                    try:
                        return await self._network.connect_tcp(
                            address,
                            port,
                            timeout=share,
                            local_address=local_address,
                            socket_options=socket_options,
                        )
                    except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                        failure = error
        except TimeoutError:
            raise httpcore2.ConnectTimeout(f"{host} did not answer in time") from None
        raise failure

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def _require_allowed(self, host: str, addresses: list[str]) -> None:
        if self._allow_private:
            return
        for address in addresses:
            if not is_public(address):
                raise FetchError(
                    f"{host} is at {address}, which is not a public address.",
                    code="address_refused",
                    hint="PRICING_ALLOW_PRIVATE_HOSTS=1 allows it, for tests and development.",
                )


async def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, IPv4 and IPv6 in turns, so that a dead family costs one try.

    Resolved in a thread that nothing waits for: the loop's executor would delay the exit of the
    process while it waits for a dead name server, and ``threading`` waits until the thread runs.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def set_answer(addresses: list[str], error: Exception | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(addresses)
        else:
            answer.set_exception(error)

    def resolve() -> None:
        addresses: list[str] = []
        error: Exception | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = _in_turns([str(info[4][0]) for info in found])
        except (OSError, UnicodeError) as failure:
            error = NameNotResolved(str(failure))
        # The loop may have been closed meanwhile.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(set_answer, addresses, error)

    _thread.start_new_thread(resolve, ())
    return await answer


def _in_turns(addresses: list[str]) -> list[str]:
    families = {
        ":": [address for address in addresses if ":" in address],
        ".": [address for address in addresses if ":" not in address],
    }
    turns = {address: n for family in families.values() for n, address in enumerate(family)}
    return sorted(turns, key=turns.__getitem__)
