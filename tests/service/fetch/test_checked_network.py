from __future__ import annotations

import asyncio

import httpcore2
import pytest

from service.errors import FetchError
from service.fetch.checked_network import CheckedNetwork, NameNotResolved
from tests.support.provider_server import running_provider_server


async def connect(host: str, port: int, *, allow_private: bool) -> None:
    network = CheckedNetwork(allow_private=allow_private)
    stream = await network.connect_tcp(host, port, timeout=3)
    await stream.aclose()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "2130706433"])
def test_the_address_behind_a_name_is_what_is_checked(host: str) -> None:
    with running_provider_server() as server:
        asyncio.run(connect(host, server.port, allow_private=True))
        with pytest.raises(FetchError) as refused:
            asyncio.run(connect(host, server.port, allow_private=False))
    assert refused.value.code == "address_refused"
    assert refused.value.hint is not None


def test_an_unknown_host_name() -> None:
    # A label of 64 characters is too long, so resolving fails without a query.
    with pytest.raises(NameNotResolved):
        asyncio.run(connect("x" * 64 + ".example", 443, allow_private=False))


def test_a_port_without_a_listener() -> None:
    with running_provider_server() as server:
        port = server.port
    with pytest.raises(httpcore2.ConnectError):
        asyncio.run(connect("localhost", port, allow_private=True))
