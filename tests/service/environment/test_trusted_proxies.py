from __future__ import annotations

import pytest

from service.environment.trusted_proxies import TrustedProxies, network_of
from service.errors import SettingsError
from service.settings import read_settings

TRUSTED = TrustedProxies.parse("10.0.0.0/8, 192.0.2.7, 2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        # Headers of a peer that is not trusted are ignored.
        ("198.51.100.1", ["203.0.113.9"], "198.51.100.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        # The client itself wrote what stands on the left, so it is not believed.
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9, 10.0.0.2, 192.0.2.7"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("2001:db8::1", ["2606:4700::1"], "2606:4700::1"),
        ("::ffff:10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        # Spellings that proxies use.
        ("10.0.0.1", ["203.0.113.9:1234"], "203.0.113.9"),
        ("10.0.0.1", ["[2606:4700::1]:1234"], "2606:4700::1"),
        ("10.0.0.1", ['"[2606:4700::1]"'], "2606:4700::1"),
        # An invalid entry ends the chain at the proxy that passed it on.
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9,"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, evil\x00, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [",".join(["10.0.0.2"] * 5000)], "10.0.0.2"),
        ("fe80::1%eth0", [], "fe80::1"),
        (None, ["203.0.113.9"], None),
        ("", ["203.0.113.9"], None),
    ],
)
def test_who_is_believed(peer: str | None, forwarded: list[str], client: str | None) -> None:
    assert TRUSTED.client(peer, forwarded) == client


def test_without_the_setting_no_header_is_believed() -> None:
    assert TrustedProxies().client("127.0.0.1", ["203.0.113.9"]) == "127.0.0.1"


def test_the_setting() -> None:
    settings = read_settings({"PRICING_TRUSTED_PROXIES": "10.0.0.0/8, ::1"})
    assert str(settings.trusted_proxies) == "10.0.0.0/8,::1/128"
    for wrong in ("10.0.0.1/8", "proxy.internal", "10.0.0.0/33", "*"):
        with pytest.raises(SettingsError, match="PRICING_TRUSTED_PROXIES") as refused:
            read_settings({"PRICING_TRUSTED_PROXIES": wrong})
        assert wrong not in refused.value.message


def test_one_client_has_a_64_of_ipv6() -> None:
    assert (
        network_of("2606:4700:1:2:3::4") == network_of("2606:4700:1:2::9") == "2606:4700:1:2::/64"
    )
    assert network_of("203.0.113.9") == "203.0.113.9"
