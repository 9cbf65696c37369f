"""The id of a request: the caller's if it is valid, else a new one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

HEADER = "X-Request-ID"
RAW_HEADER = b"x-request-id"

_SANE = re.compile(rb"[A-Za-z0-9._:+/=@-]{1,128}")


def new_request_id() -> str:
    return secrets.token_hex(16)


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The value of X-Request-ID; a new id if it is missing, invalid or sent twice."""
    said = [value for name, value in headers if name == RAW_HEADER]
    if len(said) == 1 and _SANE.fullmatch(said[0]):
        return said[0].decode("ascii")
    return new_request_id()
