"""Public addresses are the same on each installed Python."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from service.fetch import public_addresses

PUBLIC = (
    "1.1.1.1 104.18.2.115 191.255.255.255 192.0.1.1 198.20.0.1 223.255.255.255"
    " 2606:4700::6812:273 2001:4860:4860::8888 2a00:1450::1 3ffd::1 3fff:1000::1"
    # IPv4 addresses reached through IPv6.
    " ::ffff:1.1.1.1 64:ff9b::101:101"
)

REFUSED = (
    "127.0.0.1 127.9.9.9 0.0.0.0 0.1.2.3 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1"
    " 169.254.169.254 100.64.0.1 100.127.255.255 192.0.0.1 192.0.0.9 192.0.0.170 192.0.2.1"
    " 192.31.196.1 192.52.193.1 192.88.99.1 192.88.99.2 192.175.48.1 198.18.0.1 198.19.255.255"
    " 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255"
    " ::1 :: ::7f00:1 ::127.0.0.1 ::1.1.1.1 fe80::1 fe80::1%eth0 febf::1 fec0::1 feff::1"
    " fc00::1 fd12::1 ff02::1 100::1 100:0:0:1::1 64:ff9b:1::1 5f00::1 4000::1 200::1"
    " 2001::1 2001:1::1 2001:2::1 2001:3::1 2001:4:112::1 2001:20::1 2001:30::1 2001:1ff::1"
    " 2001:db8::1 2002:7f00:1:: 2002:101:101::1 2620:4f:8000::1 3ffe::1 3fff::1 3fff:fff::1"
    " 2001:0:4136:e378:8000:63bf:3fff:fdd2 2606:4700::1%1"
    " ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:192.88.99.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe"
    " localhost 1.1.1 0x7f000001 1.1.1.1.1 01.1.1.1"
)

ASK = """
import json, runpy, sys
is_public = runpy.run_path(sys.argv[1])["is_public"]
print(json.dumps([address for address in sys.argv[2:] if is_public(address)]))
"""


def pythons() -> list[str]:
    """This Python, and one of each other supported version in pyenv."""
    found = {sys.version_info[:2]: sys.executable}
    for python in Path.home().glob(".pyenv/versions/*/bin/python3"):
        version = re.match(r"3\.(\d+)\.", python.parts[-3])
        if version is not None and int(version[1]) >= 11:
            found.setdefault((3, int(version[1])), str(python))
    return list(found.values())


@pytest.mark.parametrize("python", pythons())
def test_only_hosts_of_the_open_internet_are_public(python: str) -> None:
    command = [python, "-c", ASK, str(public_addresses.__file__), *PUBLIC.split(), *REFUSED.split()]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(answer.stdout) == PUBLIC.split()
    assert not public_addresses.is_public("")
