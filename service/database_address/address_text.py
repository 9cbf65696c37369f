"""Splits the text of a database's address, a URL or libpq's ``key=value`` form, into its fields.

A text with two meanings is not understood. In a URL user and password end at the last ``@``; a text
in which libpq could see the host begin earlier, at a raw ``/``, or at a ``?`` after an earlier
``@``, is refused. So no part of a password is ever taken for something else, and a text that both
libpq and this module understand has the same meaning for both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

SCHEMES = ("postgresql://", "postgres://")

_HOST = r"(?:\[(?P<ip>[0-9A-Fa-f:.]+(?:%25[\w.-]+)?)\]|(?P<name>[^\[\]:,@]*))(?::(?P<port>[0-9]*))?"
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NEVER_RAW = re.compile(r"[\x00-\x20\x7f]")
_PAIR = re.compile(
    r"""\s*(?P<key>[^\s=']+)\s*=\s*
        (?:'(?P<quoted>(?:[^'\\]|\\.)*)'|(?P<bare>(?!')(?:[^\s\\]|\\.)*))(?=\s|\Z)\s*""",
    re.VERBOSE | re.DOTALL,
)


class NotUnderstood(ValueError):
    """The text has no meaning, or more than one. The error repeats nothing of it."""


def read_address_text(text: str) -> dict[str, str]:
    """libpq's keywords with their values; missing and empty ones are left out.

    ``host`` and ``port`` are comma-separated lists of the same length, or one port for all.
    """
    text = text.strip()
    pairs = _read_url(text) if text.startswith(SCHEMES) else _read_keywords(text)
    return {key: value for key, value in dict(pairs).items() if value}


def _read_url(text: str) -> Iterator[tuple[str, str]]:
    if _NEVER_RAW.search(text):
        raise NotUnderstood
    rest = text.partition("://")[2]
    login, at, place = rest.rpartition("@")
    if at:
        if "/" in login or "?" in login.partition("@")[2]:
            # The character may belong to the password or end the host, and @ be part of a value.
            raise NotUnderstood
        user, _, password = login.partition(":")
        yield "user", _decoded(user)
        yield "password", _decoded(password)
    address, has_query, query = place.partition("?")
    hosts, _, database = address.partition("/")
    yield from _read_hosts(hosts)
    yield "dbname", _decoded(database)
    for pair in query.split("&") if has_query and query else ():
        key, equals, value = pair.partition("=")
        if not equals or "=" in value:
            raise NotUnderstood
        if (key, value) == ("ssl", "true"):
            # JDBC's spelling, which libpq accepts too.
            key, value = "sslmode", "require"
        yield _decoded(key), _decoded(value)


def _read_hosts(text: str) -> Iterator[tuple[str, str]]:
    hosts, ports = [], []
    for each in text.split(","):
        found = re.fullmatch(_HOST, each)
        if found is None:
            raise NotUnderstood
        hosts.append(_decoded(found["ip"] or found["name"] or ""))
        ports.append(found["port"] or "")
    yield "host", ",".join(hosts) if any(hosts) else ""
    yield "port", ",".join(ports) if any(ports) else ""


def _read_keywords(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    if not text:
        raise NotUnderstood
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None:
            raise NotUnderstood
        at = found.end()
        value = found["bare"] if found["quoted"] is None else found["quoted"]
        yield found["key"], re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)


def _decoded(text: str) -> str:
    if _BROKEN_ESCAPE.search(text):
        raise NotUnderstood
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeError:
        raise NotUnderstood from None
