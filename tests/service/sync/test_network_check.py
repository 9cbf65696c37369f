"""A machine without a network is told from a provider that is out of reach."""

from __future__ import annotations

import asyncio

import pytest

from service.errors import FetchError
from service.fetch.checked_network import NameNotResolved
from service.sync import network_check
from service.sync.network_check import NetworkCheck

OFFLINE = FetchError("Cannot connect to a.example:443.", code="connection", may_be_offline=True)
REFUSED = FetchError("Cannot connect to a.example:443.", code="connection")


class Names:
    """A name server that knows some hosts, or all."""

    def __init__(self, *known: str) -> None:
        self.known = known
        self.asked: list[str] = []

    async def look_up(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if "*" in self.known:
            return ["203.0.113.7"]
        raise NameNotResolved(host)


def kinds(*failures: FetchError) -> list[str]:
    check = NetworkCheck()

    async def ask() -> list[str]:
        return [(await check.explained(each, "openrouter.ai")).code for each in failures]

    return asyncio.run(ask())


def test_without_names_there_is_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names()
    monkeypatch.setattr(network_check, "look_up", names.look_up)
    monkeypatch.setattr(network_check, "has_route", lambda: True)
    assert kinds(OFFLINE, OFFLINE, REFUSED) == ["no_network", "no_network", "connection"]
    assert len(names.asked) == network_check.OTHERS, "asked once for the syncs of one job"
    assert "openrouter.ai" not in names.asked


def test_where_others_are_found_the_provider_is_out_of_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(network_check, "look_up", Names("*").look_up)
    monkeypatch.setattr(network_check, "has_route", lambda: True)
    assert kinds(OFFLINE) == ["connection"]


def test_without_a_route_no_name_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names("*")
    monkeypatch.setattr(network_check, "look_up", names.look_up)
    monkeypatch.setattr(network_check, "has_route", lambda: False)
    assert kinds(OFFLINE) == ["no_network"]
    assert names.asked == []
