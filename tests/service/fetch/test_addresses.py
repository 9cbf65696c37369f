from __future__ import annotations

import asyncio

import httpcore2
import pytest

from service.errors import FetchError
from service.fetch.addresses import CheckedNetwork, NameNotResolved, is_public
from tests.provider_server import running_provider_server


@pytest.mark.parametrize("address", ["1.1.1.1", "104.18.2.115", "2606:4700::6812:273"])
def test_addresses_of_the_open_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *["127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"],
        *[
            "169.254.169.254",
            "100.64.0.1",
            "192.0.2.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
        ],
        *["::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"],
        # IPv4 addresses in the clothes of IPv6.
        *["::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"],
        *["2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::127.0.0.1"],
        *["", "localhost", "1.1.1", "0x7f000001"],
    ],
)
def test_all_other_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_a_public_ipv4_address_stays_public_inside_ipv6(address: str) -> None:
    assert is_public(address)


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


def test_a_name_that_nobody_knows() -> None:
    # A label this long fails without asking anybody.
    with pytest.raises(NameNotResolved):
        asyncio.run(connect("x" * 64 + ".example", 443, allow_private=False))


def test_a_port_that_nobody_listens_on() -> None:
    with running_provider_server() as server:
        port = server.port
    with pytest.raises(httpcore2.ConnectError):
        asyncio.run(connect("localhost", port, allow_private=True))
