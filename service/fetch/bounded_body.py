"""Decompresses the body of a response piece by piece, within a size limit."""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Protocol

from service.errors import FetchError

# What ``BoundedBody`` can decompress.
ACCEPT_ENCODING = "gzip, deflate"
_PIECE = 1024 * 1024


class _Inflater(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


class BoundedBody:
    """Takes the bytes of the wire and returns the content.

    It never keeps more than ``max_bytes`` and one piece of 1 MiB, whatever the body declares or
    expands to. FetchError: ``too_large``, ``bad_encoding``, ``truncated``.
    """

    def __init__(self, host: str, encoding: str, max_bytes: int) -> None:
        self._host = host
        self._max_bytes = max_bytes
        self._received = 0
        self._content = BytesIO()
        self._encoding = encoding.strip().lower() or "identity"
        self._head = b""
        self._inflater: _Inflater | None = None
        if self._encoding not in {"identity", "gzip", "x-gzip", "deflate"}:
            raise FetchError(
                f"{host} answered in an encoding that was not asked for: {self._encoding[:40]!r}.",
                code="bad_encoding",
            )

    def feed(self, data: bytes) -> None:
        """Take what has arrived."""
        self._received += len(data)
        if self._received > self._max_bytes:
            raise too_large(self._host, self._max_bytes)
        if self._encoding == "identity":
            self._content.write(data)
        elif self._inflater is not None:
            self._inflate(self._inflater, data)
        else:
            # The first two bytes tell the two forms of deflate apart.
            self._head += data
            if len(self._head) >= 2:
                self._inflater = zlib.decompressobj(_window_bits(self._encoding, self._head))
                self._inflate(self._inflater, self._head)

    def finish(self) -> bytes:
        """Return the content, after the last byte has arrived."""
        if self._received and self._encoding != "identity" and not self._is_at_end():
            raise FetchError(
                f"{self._host} broke off before the end of its compressed answer.",
                code="truncated",
            )
        return self._content.getvalue()

    def _is_at_end(self) -> bool:
        return self._inflater is not None and self._inflater.eof

    def _inflate(self, inflater: _Inflater, data: bytes) -> None:
        try:
            while data and not inflater.eof:
                piece = inflater.decompress(data, _PIECE)
                if self._content.tell() + len(piece) > self._max_bytes:
                    raise too_large(self._host, self._max_bytes)
                self._content.write(piece)
                data = inflater.unconsumed_tail
        except zlib.error:
            raise self._broken() from None
        if inflater.unused_data or (inflater.eof and data):
            raise self._broken()

    def _broken(self) -> FetchError:
        return FetchError(
            f"{self._host} sent an answer that cannot be decompressed ({self._encoding}).",
            code="bad_encoding",
        )


def too_large(host: str, max_bytes: int) -> FetchError:
    """The error for more than ``max_bytes`` from ``host``, compressed or not."""
    return FetchError(
        f"{host} sent more than {max_bytes:,} bytes, the most that is accepted.",
        code="too_large",
        hint="PRICING_MAX_BODY_BYTES raises the limit.",
    )


def _window_bits(encoding: str, head: bytes) -> int:
    """zlib's ``wbits`` for the container."""
    if encoding != "deflate":
        return zlib.MAX_WBITS | 16
    # "deflate" means the zlib container (RFC 9110), but some servers send raw deflate.
    wrapped = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS
