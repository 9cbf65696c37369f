"""Parse HTTP/1.1 with h11, and refuse the malformed requests that h11 accepts.

A server behind a proxy must see the same requests as the proxy. Wherever two readings are
possible (two lengths, line ends without CR, folded lines), the request is refused and the
connection closed. (RFC 9112, sections 2.2, 5.2, 6.3, 7.1; CWE-444)
"""

from __future__ import annotations

import re

import h11

LONGEST_HEAD = 16 * 1024
LONGEST_REQUEST_LINE = 8 * 1024
MOST_HEADERS = 100
# Size, extensions and line ends of a chunk; after the last one also the trailers.
LONGEST_CHUNK_LINE = 256
# A chunk costs as much as a small request; a body has at most 64 KB.
MOST_CHUNKS = 10_000

_BAD_LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
_FOLDED = re.compile(rb"\r\n[ \t]")
_VERSION = re.compile(rb" HTTP/1\.[01]\Z")
# The absolute form, which clients send to proxies and servers must accept (RFC 9112, 3.2.2).
_ABSOLUTE = re.compile(rb"(?i:https?)://[^/?#@]+")
_LENGTH = re.compile(rb"[0-9]{1,18}")
# The rest of the line end after the previous chunk, which h11 has checked.
_CHUNK_END = re.compile(rb"\r?\n|\r\Z|")
_FRAMING = re.compile(rb"(?i:content-length|transfer-encoding)")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Refused(h11.RemoteProtocolError):
    """``sentence`` quotes nothing of the request, which may contain a key."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence, error_status_hint=status)
        self.sentence = sentence


class StrictConnection(h11.Connection):
    """The server's side of one connection; after ``refused`` is set it reads nothing more."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
        self.refused: Refused | None = None
        self._chunks = 0

    @property
    def has_begun(self) -> bool:
        """Whether a part of an incomplete request has arrived."""
        return bool(self._receive_buffer)

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        if self.refused is not None:
            return h11.NEED_DATA
        try:
            if self.their_state is h11.IDLE:
                self._chunks = 0
                _require_strict_head(self._receive_buffer._data)
                return _with_path(super().next_event())
            if self.their_state is h11.SEND_BODY:
                return self._next_of_body()
            return super().next_event()
        except Refused as refused:
            self.refused = refused
        except h11.RemoteProtocolError as error:
            # h11's message quotes the line, and so perhaps a key.
            status = error.error_status_hint if error.error_status_hint == 431 else 400
            self.refused = Refused("This is not well-formed HTTP/1.1.", status)
        return h11.NEED_DATA

    def _next_of_body(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        buffer = self._receive_buffer
        begin = bytes(buffer._data[: LONGEST_CHUNK_LINE + 4])
        before = len(buffer)
        event = super().next_event()
        is_data = isinstance(event, h11.Data)
        # With a Content-Length only data is read.
        framing = before - len(buffer) - (len(event.data) if isinstance(event, h11.Data) else 0)
        self._chunks += is_data
        if self._chunks > MOST_CHUNKS:
            raise Refused("The body has too many chunks.")
        if framing > len(begin):
            raise Refused("A chunk has too long an extension, or the body trailers.")
        if framing:
            _require_strict_framing(begin[:framing], is_end=isinstance(event, h11.EndOfMessage))
        return event


def _with_path(
    event: h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED],
) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
    """The request with its target without scheme and host."""
    if not isinstance(event, h11.Request) or not (found := _ABSOLUTE.match(event.target)):
        return event
    target = event.target[found.end() :]
    return h11.Request(
        method=event.method,
        target=target if target.startswith(b"/") else b"/" + target,
        headers=event.headers,
        http_version=event.http_version,
    )


def _require_strict_head(data: bytearray) -> None:
    end = data.find(b"\r\n\r\n", 0, LONGEST_HEAD)
    head = bytes(data[: LONGEST_HEAD if end < 0 else end + 2])
    if _BAD_LINE_END.search(head):
        raise Refused("Lines end with CR and LF, and with nothing else.")
    line = head.partition(b"\r\n")[0]
    if len(line) > LONGEST_REQUEST_LINE:
        raise Refused("The request's first line is too long.", 414)
    if end < 0 and len(data) >= LONGEST_HEAD:
        raise Refused("The headers are too large.", 431)
    if end >= 0 and not _VERSION.search(line):
        raise Refused("This server speaks HTTP/1.1.")
    if _FOLDED.search(head):
        raise Refused("A header is one line.")
    lines = [each for each in head.split(b"\r\n")[1:] if each]
    if len(lines) > MOST_HEADERS:
        raise Refused("There are too many headers.", 431)
    if not _FRAMING.search(head):
        return
    headers = [
        (name.strip().lower(), value.strip())
        for name, _, value in (each.partition(b":") for each in lines if _FRAMING.search(each))
    ]
    lengths = [value for name, value in headers if name == b"content-length"]
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    if len(lengths) + len(codings) > 1:
        raise Refused("A body has one Content-Length or one Transfer-Encoding.")
    if end >= 0 and not all(_LENGTH.fullmatch(length) for length in lengths):
        raise Refused("Content-Length is a number.")
    if end >= 0 and codings and (codings[0].lower() != b"chunked" or line.endswith(b"/1.0")):
        raise Refused("The only Transfer-Encoding is chunked, and that in HTTP/1.1.")


def _require_strict_framing(framing: bytes, *, is_end: bool) -> None:
    lines = framing
    if end := _CHUNK_END.match(framing):
        lines = framing[end.end() :]
    if is_end and not framing.endswith(b"\r\n"):
        raise Refused("Lines end with CR and LF, and with nothing else.")
    if _BAD_LINE_END.search(lines) or _FOLDED.search(lines) or _CONTROL.search(lines):
        raise Refused("The lines between the chunks are not well-formed.")
