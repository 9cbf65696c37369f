"""Finds a client's address behind the proxies of ``PRICING_TRUSTED_PROXIES``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Self

# Proxies write an address with a port, in brackets, or quoted.
_WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?")
# More than any real chain of proxies.
_LONGEST_CHAIN = 32


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """Networks whose ``X-Forwarded-For`` is believed."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``10.0.0.0/8, ::1``; ValueError with a sentence."""
        try:
            return cls(tuple(ip_network(each.strip()) for each in text.split(",") if each.strip()))
        except ValueError:
            raise ValueError(
                "Write networks with commas between them, such as 10.0.0.0/8, 2001:db8::/32; the"
                " address of a network has no bits beyond its prefix"
            ) from None

    def client(self, peer: str | None, forwarded: Iterable[str]) -> str | None:
        """The client's address; ``forwarded`` has the values of X-Forwarded-For, in order.

        Each proxy appends the address of its own client, so they are read from the right, as long
        as a trusted proxy wrote them. An entry that is no address ends the search: the proxy that
        sent it counts as the client.
        """
        known = _peer_address(peer or "")
        if known is None:
            return None
        if self._trusts(known):
            said = [each for value in forwarded for each in value.split(",")]
            for each in reversed(said[-_LONGEST_CHAIN:]):
                before = _address(each)
                if before is None:
                    break
                known = before
                if not self._trusts(known):
                    break
        return str(known)

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self.networks)

    def __str__(self) -> str:
        return ",".join(str(network) for network in self.networks)


def network_of(address: str) -> str:
    """The network whose addresses one client may all use: a /64 for IPv6, else the address."""
    parsed = _address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return address


# Most requests come from few peers, and all of one connection from the same.
@lru_cache(maxsize=1024)
def _peer_address(peer: str) -> IPv4Address | IPv6Address | None:
    return _address(peer)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip().strip('"')
    if found := _WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        # Without the zone of fe80::1%eth0, which Postgres does not accept.
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(parsed, IPv6Address) and parsed.ipv4_mapped) or parsed
