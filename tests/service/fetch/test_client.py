"""Fetches over real HTTP, from a server that answers correctly and incorrectly."""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from service import __version__
from service.environment.credential_hosts import Credential, Host
from service.errors import FetchError
from service.fetch.client import BACKOFF_SECONDS, LONGEST_WAIT, Fetched, fetch, make_client
from service.fetch.deadlines import DEADLINES, Deadlines
from service.providers.adapter import adapter, adapter_slugs
from service.settings import Settings
from tests.support.provider_server import (
    MEBIBYTE,
    Answer,
    ProviderServer,
    gzip_bomb,
    running_provider_server,
)
from tests.support.provider_shapes import SHAPES
from tests.support.waiting import wait_until

PROVIDER = "openrouter"
CREDENTIAL = "sk-a-secret-that-nobody-may-read"
# Only for servers that let the client wait: a busy machine may need longer for a response.
IMPATIENT = Deadlines(silence=0.3)


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    with running_provider_server() as server:
        server.fill(PROVIDER, 20)
        yield server


def credential_for(url: str) -> Credential:
    """A credential that may be sent to the URL's host."""
    parts = urlsplit(url)
    host = Host(parts.hostname or "", parts.port, https_only=False)
    return Credential(CREDENTIAL, "A_KEY", (host,))


def ask(url: str, **options: Any) -> Fetched:
    """Fetch once as the worker does, with private addresses allowed and short waits."""

    async def go() -> Fetched:
        async with make_client(Settings(allow_private_hosts=True)) as client:
            asked: dict[str, Any] = {"max_bytes": 8 * MEBIBYTE, "backoff_seconds": 0.01} | options
            return await fetch(client, url, allow_private_hosts=True, **asked)

    return asyncio.run(go())


def refusal(url: str, **options: Any) -> FetchError:
    with pytest.raises(FetchError) as refused:
        ask(url, credential=credential_for(url), **options)
    error = refused.value
    assert "127.0.0.1" in error.message
    assert error.message.endswith(".")
    for shown in (error.message, str(error.hint), repr(error), repr(error.__cause__)):
        assert CREDENTIAL not in shown
    return error


@pytest.mark.parametrize("encoding", [None, "gzip", "deflate"])
@pytest.mark.parametrize("chunked", [False, True])
def test_the_list_arrives(server: ProviderServer, encoding: str | None, chunked: bool) -> None:
    server.answer(PROVIDER, Answer(encoding=encoding, chunked=chunked))

    fetched = ask(server.url(PROVIDER))

    assert fetched.body is not None
    assert json.loads(fetched.body) == server.body(PROVIDER)
    assert (fetched.etag, fetched.not_modified) == (None, False)
    assert fetched.final_url == server.url(PROVIDER)


def test_the_request_says_who_asks_and_with_which_key(server: ProviderServer) -> None:
    ask(server.url(PROVIDER), credential=credential_for(server.url(PROVIDER)))
    (request,) = server.requests(PROVIDER)
    assert request.headers["user-agent"] == f"pricing-sync/{__version__}"
    assert request.headers["accept-encoding"] == "gzip, deflate"
    assert request.headers["authorization"] == f"Bearer {CREDENTIAL}"
    assert "if-none-match" not in request.headers


def test_the_host_is_asked_by_its_name(server: ProviderServer) -> None:
    ask(server.url(PROVIDER).replace("127.0.0.1", "localhost"))
    (request,) = server.requests(PROVIDER)
    assert request.headers["host"] == f"localhost:{server.port}"
    assert "authorization" not in request.headers


def test_what_has_not_changed_is_not_sent_again(server: ProviderServer) -> None:
    server.answer(PROVIDER, Answer(etag=True))
    first = ask(server.url(PROVIDER))
    assert first.etag is not None

    again = ask(server.url(PROVIDER), etag=first.etag)

    assert again == Fetched(None, first.etag, not_modified=True, final_url=server.url(PROVIDER))
    server.price_of(PROVIDER, server.body(PROVIDER)["data"][0]["id"])["prompt"] = "0.5"
    assert ask(server.url(PROVIDER), etag=first.etag).body is not None


def test_a_body_that_trickles_in_is_waited_for(server: ProviderServer) -> None:
    server.answer(PROVIDER, Answer(body=b"x" * 1000, drip=0.2))
    # The whole body takes 2 s.
    deadlines = Deadlines(silence=1.5)
    assert ask(server.url(PROVIDER), deadlines=deadlines).body == b"x" * 1000
    assert len(server.requests(PROVIDER)) == 1


FAILURES = {
    "hangs": (Answer(hang=True), "timeout", 3),
    "stops half-way": (Answer(b"x" * 300, drip=2), "timeout", 3),
    "cut": (Answer(cut=True), "truncated", 3),
    "cut in chunks": (Answer(cut=True, chunked=True), "truncated", 3),
    "cut in gzip": (Answer(cut=True, encoding="gzip"), "truncated", 3),
    "half a gzip": (
        Answer(gzip.compress(b"x" * 1000)[:-5], headers={"Content-Encoding": "gzip"}),
        "truncated",
        3,
    ),
    "500": (Answer(status=500), "http_status", 3),
    "502 with a page": (Answer(b"<html>Bad Gateway</html>", 502), "http_status", 3),
    "408": (Answer(status=408), "http_status", 3),
    "404": (Answer(status=404), "http_status", 1),
    "401": (Answer(status=401), "http_status", 1),
    "304 unasked": (Answer(status=304), "http_status", 1),
    "206": (Answer(status=206), "http_status", 1),
    "429": (Answer(status=429), "rate_limited", 3),
    "429 at once": (Answer(status=429, headers={"Retry-After": "0"}), "rate_limited", 3),
    "429 later": (Answer(status=429, headers={"Retry-After": "3600"}), "rate_limited", 1),
    "503 later": (Answer(status=503, headers={"Retry-After": "31"}), "rate_limited", 1),
    "brotli": (Answer(headers={"Content-Encoding": "br"}), "bad_encoding", 1),
    "gzip that is none": (Answer(headers={"Content-Encoding": "gzip"}), "bad_encoding", 1),
    "200 MB": (Answer(b"x" * MEBIBYTE, repeat=200), "too_large", 1),
    "200 MB in chunks": (Answer(b"x" * MEBIBYTE, repeat=200, chunked=True), "too_large", 1),
    "9 MB in gzip": (Answer(b"x" * MEBIBYTE * 9, encoding="gzip"), "too_large", 1),
    "to nowhere": (Answer(status=302), "redirect_refused", 1),
    "elsewhere": (Answer(b"", 301, {"Location": "https://example.com/"}), "redirect_refused", 1),
    "in circles": (Answer(b"", 307, {"Location": "/openrouter/again"}), "redirect_refused", 4),
}


@pytest.mark.parametrize(("answer", "code", "tries"), FAILURES.values(), ids=FAILURES)
def test_each_failure_has_its_kind_and_its_tries(
    server: ProviderServer, answer: Answer, code: str, tries: int
) -> None:
    server.answer(PROVIDER, answer)

    deadlines = IMPATIENT if code == "timeout" else DEADLINES
    error = refusal(server.url(PROVIDER), deadlines=deadlines)

    assert error.code == code
    # A client that gave up may be gone before the server has read its request.
    wait_until(lambda: len(server.requests(PROVIDER)) >= tries, what="the tries arrive")
    assert len(server.requests(PROVIDER)) == tries


@pytest.mark.parametrize(
    "passing",
    [
        Answer(status=500),
        Answer(status=503, headers={"Retry-After": "0"}),
        Answer(status=429),
        Answer(cut=True),
        Answer(hang=True),
    ],
    ids=["500", "503", "429", "cut", "hang"],
)
def test_transient_failures_are_retried(server: ProviderServer, passing: Answer) -> None:
    server.answer(PROVIDER, passing, passing, Answer())
    # The last response must arrive within this time.
    deadlines = Deadlines(silence=3) if passing.hang else DEADLINES
    assert ask(server.url(PROVIDER), deadlines=deadlines).body is not None
    assert len(server.requests(PROVIDER)) == 3


def test_the_pause_between_tries_doubles_and_is_never_shorter(server: ProviderServer) -> None:
    server.answer(PROVIDER, Answer(status=500))
    refusal(server.url(PROVIDER), backoff_seconds=0.2)
    first, second, third = (request.started for request in server.requests(PROVIDER))
    assert second - first >= 0.2
    assert third - second >= 0.4
    assert BACKOFF_SECONDS == 0.5


def test_a_short_retry_after_is_waited_for(server: ProviderServer) -> None:
    server.answer(PROVIDER, Answer(status=429, headers={"Retry-After": "1"}), Answer())
    ask(server.url(PROVIDER))
    first, second = (request.started for request in server.requests(PROVIDER))
    assert second - first >= 1


def test_a_long_retry_after_is_handed_on(server: ProviderServer) -> None:
    assert timedelta(seconds=30) == LONGEST_WAIT
    server.answer(PROVIDER, Answer(status=429, headers={"Retry-After": "3600"}))
    assert refusal(server.url(PROVIDER)).retry_after == timedelta(hours=1)


def test_a_redirect_within_the_host_is_followed(server: ProviderServer) -> None:
    server.answer(PROVIDER, Answer(status=308, headers={"Location": "?page=1"}), Answer(b"{}"))
    fetched = ask(server.url(PROVIDER), credential=credential_for(server.url(PROVIDER)))
    assert fetched.final_url == server.url(PROVIDER) + "?page=1"
    assert len(server.requests(PROVIDER)) == 2


def test_another_host_never_sees_the_credential(server: ProviderServer) -> None:
    with running_provider_server() as other:
        for elsewhere in (
            other.url(PROVIDER),
            other.url(PROVIDER).replace("127.0.0.1", "localhost"),
        ):
            server.answer(PROVIDER, Answer(status=302, headers={"Location": elsewhere}))
            assert refusal(server.url(PROVIDER)).code == "redirect_refused"
        assert other.requests(PROVIDER) == []


def test_no_process_listens() -> None:
    with running_provider_server() as server:
        url = server.url(PROVIDER)
    error = refusal(url)
    assert (error.code, error.message) == (
        "connection",
        f"Cannot connect to 127.0.0.1:{server.port}: connection refused.",
    )


def test_a_server_without_tls_is_not_asked_in_the_clear(server: ProviderServer) -> None:
    error = refusal(server.url(PROVIDER).replace("http://", "https://"))
    assert error.code == "connection"
    assert "TLS" in error.message
    assert server.requests(PROVIDER) == []


def test_an_unknown_host_name_is_reported_as_such() -> None:
    with pytest.raises(FetchError) as refused:
        ask("https://" + "x" * 64 + ".example/models")
    assert refused.value.code in {"connection", "address_refused"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_private_addresses_are_refused_by_default(server: ProviderServer, host: str) -> None:
    async def go() -> None:
        async with make_client(Settings()) as client:
            await fetch(client, f"https://{host}:{server.port}/openrouter", max_bytes=1000)

    with pytest.raises(FetchError) as refused:
        asyncio.run(go())
    assert refused.value.code == "address_refused"
    assert server.requests(PROVIDER) == []


def test_proxies_of_the_environment_are_not_used(
    server: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    assert ask(server.url(PROVIDER)).body is not None


def test_the_callers_timeout_is_kept_and_the_client_lives_on(server: ProviderServer) -> None:
    server.answer(PROVIDER, Answer(hang=True), Answer())

    async def go() -> Fetched:
        async with make_client(Settings(allow_private_hosts=True)) as client:
            asking = asyncio.create_task(one(client))
            async with asyncio.timeout(30):
                while not server.requests(PROVIDER):
                    await asyncio.sleep(0.01)
            started = time.monotonic()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asking, 0.3)
            assert time.monotonic() - started < BOUND_SECONDS
            return await one(client)

    async def one(client: httpx2.AsyncClient) -> Fetched:
        return await fetch(
            client, server.url(PROVIDER), max_bytes=MEBIBYTE, allow_private_hosts=True
        )

    assert asyncio.run(go()).body is not None


# The client alone would wait for a minute.
BOUND_SECONDS = 10


FETCH_IN_A_PROCESS = """
import asyncio, sys, tracemalloc
from service.environment.credential_hosts import Credential, Host
from service.errors import FetchError
from service.fetch.client import fetch, make_client
from service.settings import Settings

async def go():
    async with make_client(Settings(allow_private_hosts=True)) as client:
        tracemalloc.start()
        try:
            await fetch(client, sys.argv[1], max_bytes=8 * 2**20, allow_private_hosts=True)
        except FetchError as error:
            print(error.code, tracemalloc.get_traced_memory()[1])

asyncio.run(go())
"""


@pytest.mark.parametrize("kind", ["200 MB", "200 MB in chunks", "gzip bomb", "deflate bomb"])
def test_memory_stays_bounded(server: ProviderServer, kind: str) -> None:
    bombs = {
        "200 MB": Answer(b"x" * MEBIBYTE, repeat=200),
        "200 MB in chunks": Answer(b"x" * MEBIBYTE, repeat=200, chunked=True),
        "gzip bomb": Answer(gzip_bomb(400), headers={"Content-Encoding": "gzip"}),
        "deflate bomb": Answer(b"x" * MEBIBYTE * 100, encoding="deflate"),
    }
    server.answer(PROVIDER, bombs[kind])

    command = [sys.executable, "-W", "error", "-c", FETCH_IN_A_PROCESS, server.url(PROVIDER)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

    code, peak = ended.stdout.split()
    assert code == "too_large"
    # The limit of 8 MiB, twice while a buffer grows, plus what the libraries need.
    assert int(peak) < 24 * MEBIBYTE


def test_html_is_fetched_and_left_to_the_adapter(server: ProviderServer) -> None:
    page = b"<html>Sorry</html>"
    server.answer(PROVIDER, Answer(page, headers={"Content-Type": "text/html"}))
    assert ask(server.url(PROVIDER)).body == page


@pytest.mark.parametrize("slug", adapter_slugs())
def test_every_adapter_reads_what_the_test_server_publishes(
    server: ProviderServer, slug: str
) -> None:
    server.fill(slug)
    fetched = ask(server.base_url(slug) + adapter(slug).path)
    assert fetched.body is not None

    listed = adapter(slug).parse(fetched.body)

    shape = SHAPES[slug]
    ids = shape.ids(json.loads(server.page(slug, {})))
    assert [model.model_id for model in listed.models] == ids
    assert len(ids) > 30
    assert listed.skipped == ()
    assert listed.unknown_keys == ()
    assert all(bool(model.prices) == adapter(slug).price_api for model in listed.models)


def test_the_test_server_publishes_for_every_adapter() -> None:
    assert set(SHAPES) == set(adapter_slugs())
