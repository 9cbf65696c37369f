from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import FetchError
from service.fetch.bounded_body import BoundedBody


def raw_deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeeze.compress(data) + squeeze.flush()


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "GZip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    " deflate ": raw_deflate,
}


def read(encoding: str, wire: bytes, *, max_bytes: int = 10_000, piece: int = 7) -> bytes:
    body = BoundedBody("api.example.com", encoding, max_bytes)
    for start in range(0, len(wire), piece):
        body.feed(wire[start : start + piece])
    return body.finish()


@pytest.mark.parametrize("encoding", COMPRESS)
@given(content=st.binary(max_size=2000), piece=st.integers(1, 3000))
def test_the_content_comes_out_however_it_was_cut(
    encoding: str, content: bytes, piece: int
) -> None:
    assert read(encoding, COMPRESS[encoding](content), piece=piece) == content


@pytest.mark.parametrize("encoding", COMPRESS)
def test_an_empty_body_is_empty(encoding: str) -> None:
    assert read(encoding, b"") == b""


@pytest.mark.parametrize("encoding", COMPRESS)
def test_the_limit_is_on_the_content(encoding: str) -> None:
    content = b"price" * 2000
    assert read(encoding, COMPRESS[encoding](content), max_bytes=10_000) == content
    with pytest.raises(FetchError) as refused:
        read(encoding, COMPRESS[encoding](content), max_bytes=9_999)
    assert refused.value.code == "too_large"
    assert "9,999 bytes" in refused.value.message


@pytest.mark.parametrize("encoding", ["gzip", "deflate", " deflate "])
def test_a_compressed_body_that_breaks_off(encoding: str) -> None:
    wire = COMPRESS[encoding](b"price" * 100)
    for end in (1, len(wire) // 2, len(wire) - 1):
        with pytest.raises(FetchError) as refused:
            read(encoding, wire[:end])
        assert refused.value.code == "truncated"


# Named, because a name made of the bytes contains the second in which gzip wrote them: two
# processes that collect the tests would not find the same ones.
NOT_ACCEPTED = {
    "unknown": ("br", b"anything"),
    "twice": ("gzip, gzip", gzip.compress(b"twice")),
    "no gzip": ("gzip", b"<html>not compressed</html>"),
    "no deflate": ("deflate", b"<html>not compressed</html>"),
    "more after it": ("gzip", gzip.compress(b"one") + b"trailing"),
    "two in a row": ("gzip", gzip.compress(b"one") + gzip.compress(b"two")),
    "a wrong checksum": ("gzip", gzip.compress(b"price")[:-8] + b"badcheck"),
}


@pytest.mark.parametrize(("encoding", "wire"), NOT_ACCEPTED.values(), ids=NOT_ACCEPTED)
@pytest.mark.parametrize("piece", [1, 3000])
def test_what_cannot_be_decompressed(encoding: str, wire: bytes, piece: int) -> None:
    with pytest.raises(FetchError) as refused:
        read(encoding, wire, piece=piece)
    assert refused.value.code == "bad_encoding"
    assert refused.value.message.startswith("api.example.com ")
