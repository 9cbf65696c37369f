"""Fetches a price list over HTTP, with checks of the address, redirects, retries and deadlines."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpcore2
import httpx2

from service import __version__
from service.environment.credential_hosts import Credential
from service.errors import FetchError
from service.fetch.bounded_body import ACCEPT_ENCODING, BoundedBody, too_large
from service.fetch.checked_network import CheckedNetwork, NameNotResolved
from service.fetch.deadlines import DEADLINES, Deadlines, timeouts_of
from service.fetch.http_rules import (
    REDIRECTS,
    TransientFetchError,
    read_address,
    redirected,
    request_headers,
    require_success,
    usable_etag,
)
from service.settings import Settings

TRIES = 3
BACKOFF_SECONDS = 0.5
_RANDOM = secrets.SystemRandom()
MAX_REDIRECTS = 3
UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}
DEFAULT_PORTS = {"https": 443, "http": 80}
# A longer wait would keep the provider's lock for nothing; the attempt fails instead.
LONGEST_WAIT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response: ``body`` decompressed, or None if ``not_modified`` since ``etag`` (304)."""

    body: bytes | None
    etag: str | None
    not_modified: bool
    final_url: str


def make_client(settings: Settings) -> httpx2.AsyncClient:
    """The client of one process; it refuses private addresses unless the settings allow them.

    It uses no proxy of the environment: the address that a proxy connects to cannot be checked.
    """
    return httpx2.AsyncClient(
        transport=_CheckedTransport(allow_private=settings.allow_private_hosts),
        timeout=timeouts_of(DEADLINES),
        trust_env=False,
        follow_redirects=False,
        headers={
            "User-Agent": f"pricing-sync/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": ACCEPT_ENCODING,
        },
    )


async def fetch(
    client: httpx2.AsyncClient,
    url: str,
    *,
    etag: str | None = None,
    credential: Credential | None = None,
    max_bytes: int,
    allow_private_hosts: bool = False,
    backoff_seconds: float = BACKOFF_SECONDS,
    deadlines: Deadlines = DEADLINES,
) -> Fetched:
    """GET the list at ``url``, of at most ``max_bytes`` after decompression.

    ``credential`` is sent as a bearer token, to its own hosts only; ``etag`` as If-None-Match.
    Transient failures (timeouts, connections, 5xx, 408, 429, a truncated body) are tried three
    times in all, with a pause that starts at ``backoff_seconds`` and doubles, within the
    ``deadlines``. FetchError: ``timeout``, ``connection``, ``http_status``, ``rate_limited``,
    ``too_large``, ``truncated``, ``bad_encoding``, ``redirect_refused``, ``address_refused``,
    ``credential_refused``.
    """
    target = read_address(url, allow_http=allow_private_hosts)

    def headers_for(target: httpx2.URL) -> dict[str, str]:
        return request_headers(target, etag, credential)

    ends_at = asyncio.get_running_loop().time() + deadlines.fetch
    tries = 0
    while True:
        tries += 1
        left = ends_at - asyncio.get_running_loop().time()
        try:
            async with _within(
                min(deadlines.one_try, left), _where(target), "done with its answer"
            ):
                return await _try_once(
                    client, target, headers_for, max_bytes, allow_private_hosts, deadlines
                )
        except TransientFetchError as failure:
            wait = _wait(failure, tries, backoff_seconds)
            if wait is None or asyncio.get_running_loop().time() + wait >= ends_at:
                raise
        await asyncio.sleep(wait)


class _CheckedTransport(httpx2.AsyncHTTPTransport):
    """httpx2's transport over a pool with a checked network."""

    def __init__(self, *, allow_private: bool) -> None:
        context = httpx2.create_ssl_context()
        super().__init__(verify=context)
        # Only the pool takes a network backend. No keep-alive: the next request to a provider is
        # hours away.
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            max_connections=100,
            max_keepalive_connections=0,
            network_backend=CheckedNetwork(allow_private=allow_private),
        )


async def _try_once(
    client: httpx2.AsyncClient,
    target: httpx2.URL,
    headers_for: Callable[[httpx2.URL], dict[str, str]],
    max_bytes: int,
    allow_http: bool,
    deadlines: Deadlines,
) -> Fetched:
    for _ in range(MAX_REDIRECTS + 1):
        headers = headers_for(target)
        async with _answer(client, target, headers, deadlines) as response:
            if response.status_code not in REDIRECTS:
                require_success(response, conditional="If-None-Match" in headers)
                return await _read(response, target, max_bytes)
            target = redirected(response, target, allow_http=allow_http)
    raise FetchError(
        f"{target.host} redirected more than {MAX_REDIRECTS} times.", code="redirect_refused"
    )


@asynccontextmanager
async def _answer(
    client: httpx2.AsyncClient, target: httpx2.URL, headers: dict[str, str], deadlines: Deadlines
) -> AsyncIterator[httpx2.Response]:
    """The response with its body unread; the library's errors become FetchErrors.

    Their texts are dropped: they may quote a header, and so the credential.
    """
    where = _where(target)
    started = False
    try:
        request = client.build_request(
            "GET", target, headers=headers, timeout=timeouts_of(deadlines)
        )
        # Informational responses (103) may come without end, and each would reset a read timeout.
        async with _within(deadlines.headers, where, "done with the headers of its answer"):
            response = await client.send(request, stream=True)
        started = True
        try:
            yield response
        finally:
            await response.aclose()
    except httpx2.ConnectTimeout:
        raise TransientFetchError(
            f"Cannot connect to {where}: no answer in time.", code="timeout"
        ) from None
    except httpx2.TimeoutException:
        what = "did not finish its answer" if started else "did not answer"
        raise TransientFetchError(f"{where} {what} in time.", code="timeout") from None
    except (httpx2.RemoteProtocolError, httpx2.ReadError) as error:
        if started:
            message = f"{where} broke off before the end of its answer."
            raise TransientFetchError(message, code="truncated") from None
        raise _not_connected(where, error) from None
    except httpx2.TransportError as error:
        raise _not_connected(where, error) from None


@asynccontextmanager
async def _within(seconds: float, where: str, what: str) -> AsyncIterator[None]:
    """Raise a transient ``timeout`` when the block takes longer."""
    try:
        async with asyncio.timeout(seconds) as deadline:
            yield
    except TimeoutError:
        if not deadline.expired():
            raise
        raise TransientFetchError(
            f"{where} was not {what} within {seconds:.3g} s.", code="timeout"
        ) from None


def _where(target: httpx2.URL) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{host}:{target.port or DEFAULT_PORTS[target.scheme]}"


def _not_connected(where: str, error: Exception) -> TransientFetchError:
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    may_be_offline = False
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        why = f"The TLS certificate or handshake of {where} is not acceptable."
    elif any(isinstance(cause, NameNotResolved) for cause in causes):
        why, may_be_offline = f"Cannot connect to {where}: the name cannot be resolved.", True
    elif isinstance(error, httpx2.ConnectError):
        numbers = [cause.errno for cause in causes if isinstance(cause, OSError) and cause.errno]
        reason = os.strerror(numbers[-1]).lower() if numbers else "no connection"
        why = f"Cannot connect to {where}: {reason}."
        may_be_offline = bool(set(numbers) & UNREACHABLE)
    else:
        why = f"{where} closed the connection without a proper answer."
    return TransientFetchError(why, code="connection", may_be_offline=may_be_offline)


async def _read(response: httpx2.Response, target: httpx2.URL, max_bytes: int) -> Fetched:
    etag = usable_etag(response.headers.get("etag"))
    if response.status_code == 304:
        return Fetched(None, etag, not_modified=True, final_url=str(target))
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and len(declared) < 20 and int(declared) > max_bytes:
        raise too_large(target.host, max_bytes)
    body = BoundedBody(target.host, response.headers.get("content-encoding", ""), max_bytes)
    async for data in response.aiter_raw():
        body.feed(data)
    try:
        return Fetched(body.finish(), etag, not_modified=False, final_url=str(target))
    except FetchError as broken_off:
        raise TransientFetchError(broken_off.message, code=broken_off.code) from None


def _wait(failure: TransientFetchError, tries: int, backoff_seconds: float) -> float | None:
    """Seconds until the next try; None if there is none."""
    if tries >= TRIES:
        return None
    jitter = _RANDOM.uniform(1.0, 1.5)
    if failure.retry_after is None:
        return float(backoff_seconds * 2 ** (tries - 1) * jitter)
    if failure.retry_after > LONGEST_WAIT:
        return None
    return failure.retry_after.total_seconds() + backoff_seconds * (jitter - 1)
