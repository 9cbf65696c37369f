"""Whose word on a client's address is taken: ``PRICING_TRUSTED_PROXIES``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Self

# As proxies write them: with a port, in brackets, quoted.
_WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?")
# Further proxies than that are not one after the other.
_LONGEST_CHAIN = 32


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """Networks whose ``X-Forwarded-For`` is believed."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """``10.0.0.0/8, ::1``; ValueError with a sentence."""
        try:
            return cls(tuple(ip_network(each.strip()) for each in text.split(",") if each.strip()))
        except ValueError:
            raise ValueError(
                "Write networks with commas between them, such as 10.0.0.0/8, 2001:db8::/32; a"
                " network's address has no bits beyond its prefix"
            ) from None

    def client(self, peer: str | None, forwarded: Iterable[str]) -> str | None:
        """The address of who asks; ``forwarded``: the values of X-Forwarded-For, in order.

        Each proxy appends whom it was asked by, so they are read from the right, and only for as
        long as trusted proxies wrote them. What is no address ends that: the proxy that passed it
        on is as far as we know.
        """
        known = _address(peer or "")
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
    """What one client may have as many addresses of as it likes: with IPv6 a /64."""
    parsed = _address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return address


def _address(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip().strip('"')
    if found := _WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        # Neither Postgres nor a network knows the zone of fe80::1%eth0.
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(parsed, IPv6Address) and parsed.ipv4_mapped) or parsed
