"""Requests that two servers could read in two ways are refused, and the connection ended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.web.http_server.protocol_errors import CODE_BY_STATUS
from tests.service.web.raw_http import HEAD, HEALTH, error_of, having_sent, read_to_end, statuses
from tests.service.web.running import Web, running_web, settings_for
from tests.support.postgres import free_port

POST = b"POST /health HTTP/1.1\r\nHost: test\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"
LAST = b"0\r\n\r\n"
REFUSED: dict[str, tuple[bytes, int]] = {
    "both lengths": (CHUNKED + b"Content-Length: 5\r\n\r\n" + LAST, 400),
    "both lengths, the other way": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + LAST,
        400,
    ),
    "two lengths": (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n12", 400),
    "one length twice": (POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n1", 400),
    "a list of lengths": (POST + b"Content-Length: 1, 1\r\n\r\n1", 400),
    "a signed length": (POST + b"Content-Length: +1\r\n\r\n1", 400),
    "a length in hexadecimal": (POST + b"Content-Length: 0x1\r\n\r\n1", 400),
    "a length of 5,000 digits": (POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
    "no length": (POST + b"Content-Length:\r\n\r\n", 400),
    "chunked, identity": (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + LAST, 400),
    "identity": (POST + b"Transfer-Encoding: identity\r\n\r\n" + LAST, 400),
    "gzip, chunked": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + LAST, 400),
    "xchunked": (POST + b"Transfer-Encoding: xchunked\r\n\r\n" + LAST, 400),
    "chunked twice": (CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n" + LAST, 400),
    "chunked in HTTP/1.0": (
        b"POST /health HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + LAST,
        400,
    ),
    "chunked behind a vertical tab": (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + LAST, 400),
    "a blank before the colon": (POST + b"Content-Length : 1\r\n\r\n1", 400),
    "a blank in a name": (HEAD + b"X Y: z\r\n\r\n", 400),
    "a folded header": (HEAD + b"X: y\r\n z\r\n\r\n", 400),
    "a folded length": (POST + b"Content-Length:\r\n 1\r\n\r\n1", 400),
    "a blank before the first header": (b"GET /health HTTP/1.1\r\n Host: test\r\n\r\n", 400),
    "bare LF": (b"GET /health HTTP/1.1\nHost: test\n\n", 400),
    "one bare LF": (HEAD + b"X: y\nZ: z\r\n\r\n", 400),
    "bare LF at the end": (HEAD + b"\n", 400),
    "bare CR": (HEAD + b"X: y\rZ: z\r\n\r\n", 400),
    "CR CR LF": (HEAD + b"X: y\r\r\n\r\n", 400),
    "NUL": (HEAD + b"X: a\0b\r\n\r\n", 400),
    "an empty line first": (b"\r\n" + HEALTH, 400),
    "no host": (b"GET /health HTTP/1.1\r\n\r\n", 400),
    "two hosts": (HEAD + b"Host: other\r\n\r\n", 400),
    "no version": (b"GET /health\r\nHost: test\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /health HTTP/0.9\r\nHost: test\r\n\r\n", 400),
    "HTTP/2.0": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "101 headers": (HEAD + b"".join(b"X%d: y\r\n" % n for n in range(100)) + b"\r\n", 431),
    "a large header": (HEAD + b"X: " + b"y" * 16_384 + b"\r\n\r\n", 431),
    "large headers": (HEAD + b"".join(b"X%d: %s\r\n" % (n, b"y" * 400) for n in range(60)), 431),
    "a large header without an end": (HEAD + b"X: " + b"y" * 300_000, 431),
    "a long first line": (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: test\r\n\r\n", 414),
    "a first line without an end": (b"GET /" + b"x" * 300_000, 414),
}
# Errors in the body: the response to its request is under way, or was sent.
REFUSED_BODIES: dict[str, bytes] = {
    "a long chunk extension": b"1;" + b"x" * 300 + b"\r\na\r\n" + LAST,
    "an endless chunk extension": b"1;" + b"x" * 300_000,
    "a bare CR in a chunk extension": b"1;\rx\r\na\r\n" + LAST,
    "bare LF after a size": b"1\na\r\n" + LAST,
    "bare LF after a chunk": b"1\r\na\n" + LAST,
    "bare LF at the end": b"1\r\na\r\n0\r\n\n",
    "bare LF in a trailer": b"0\r\nX: y\n\r\n",
    "large trailers": b"0\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(200)) + b"\r\n",
    "a size with a sign": b"-1\r\na\r\n" + LAST,
    "a size with 0x": b"0x1\r\na\r\n" + LAST,
    "a long size": b"0" * 40 + b"1\r\na\r\n" + LAST,
    "too many chunks": b"1\r\na\r\n" * 10_001 + LAST,
}


@pytest.fixture(scope="module")
def bare() -> Iterator[Web]:
    """A server without a database: no request here gets far enough to need one."""
    nobody = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    with running_web(settings_for(nobody), listening=False) as web:
        yield web


@pytest.mark.parametrize("kind", REFUSED)
def test_it_is_refused_and_the_connection_ends(bare: Web, kind: str) -> None:
    malformed, status = REFUSED[kind]
    with having_sent(bare.url, malformed + HEALTH) as connection:
        received = read_to_end(connection)
    # The server sends one response and never reads what follows as a request.
    assert statuses(received) == [status], received
    head = received.partition(b"\r\n\r\n")[0].lower()
    assert b"\r\nconnection: close" in head and b"\r\nx-request-id: " in head
    assert error_of(received)["code"] == CODE_BY_STATUS[status][0]


@pytest.mark.parametrize("kind", REFUSED_BODIES)
def test_a_malformed_body_ends_the_connection(bare: Web, kind: str) -> None:
    with having_sent(bare.url, CHUNKED + b"\r\n" + REFUSED_BODIES[kind] + HEALTH) as connection:
        received = read_to_end(connection)
    # 405 if the route had responded before the body was there.
    assert statuses(received) in ([400], [431], [405]), received


def test_what_is_well_formed_is_not_refused(bare: Web) -> None:
    """Several on one connection, one byte by byte: chunks with extensions, trailers, headers."""
    many = HEAD + b"".join(b"X%d: y\r\n" % n for n in range(90)) + b"\r\n"
    chunks = b"A;a=b\r\n0123456789\r\n1\r\n\n\r\n0;x\r\nX: y\r\n\r\n"
    length = POST + b"Content-Length: 9\r\n\r\n\r\nGET \n\n "
    with having_sent(bare.url, many + CHUNKED + b"\r\n" + chunks + length) as connection:
        for byte in HEALTH:
            connection.sendall(bytes([byte]))
        connection.sendall(HEAD + b"Connection: close\r\n\r\n")
        assert statuses(read_to_end(connection)) == [200, 405, 405, 200, 200]


def test_a_whole_address_is_what_it_names_here(bare: Web) -> None:
    """An absolute URL is authenticated like its path; other text stays an unknown route."""
    asked = {
        b"http://127.0.0.1:8000/health": 200,
        b"HTTPS://other/health?x=http://y": 200,
        b"http://other/admin/pricing/held": 401,
        b"http://other": 404,
        b"http://user@other/health": 404,
        b"http:///health": 404,
    }
    requests = (b"GET " + each + b" HTTP/1.1\r\nHost: test\r\n\r\n" for each in asked)
    with having_sent(bare.url, b"".join(requests) + HEAD + b"Connection: close\r\n\r\n") as given:
        assert statuses(read_to_end(given)) == [*asked.values(), 200]
