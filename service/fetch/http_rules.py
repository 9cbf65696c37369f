"""Checks addresses, redirects, status codes and headers, before any body is read.

Each message is one sentence that names the host and never the credential.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2

from service.environment.credential_hosts import Credential, Host, refusal
from service.errors import FetchError

REDIRECTS = {301, 302, 303, 307, 308}
# A longer pause, such as a month, is taken for a mistake of the provider.
LONGEST_RETRY_AFTER = timedelta(days=1)


class TransientFetchError(FetchError):
    """A failure that may be gone at the next try."""


def require_success(response: httpx2.Response, *, conditional: bool) -> None:
    """Return for 200, and for 304 to a conditional request; else raise FetchError.

    429, and 503 with a Retry-After, are ``rate_limited``; any other status is ``http_status``.
    """
    status, host = response.status_code, response.url.host
    if status == 200 or (status == 304 and conditional):
        return
    retry_after = read_retry_after(response.headers.get("retry-after"))
    if status == 429 or (status == 503 and retry_after is not None):
        raise TransientFetchError(
            f"{host} asks to be called less often (status {status}).",
            code="rate_limited",
            retry_after=retry_after,
        )
    kind = TransientFetchError if status >= 500 or status == 408 else FetchError
    raise kind(
        f"{host} answered with status {status}.",
        code="http_status",
        hint="Check the provider's credential." if status in (401, 403) else None,
    )


def read_address(url: str, *, allow_http: bool) -> httpx2.URL:
    """Parse a provider's URL; FetchError ``address_refused`` unless it is https with a host.

    ``allow_http`` accepts http too. A user name or password in the URL is refused.
    """
    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        raise FetchError("The provider's address is not a URL.", code="address_refused") from None
    host = target.host or "The provider's address"
    port_exists = target.port is None or 0 < target.port < 65536
    if target.scheme not in ("https", "http") or not target.host or not port_exists:
        raise FetchError(f"{host} is not an https address.", code="address_refused")
    if target.scheme == "http" and not allow_http:
        raise FetchError(
            f"{host} would be asked over http; only https is used.",
            code="address_refused",
            hint="PRICING_ALLOW_PRIVATE_HOSTS=1 allows http, for tests and development.",
        )
    if target.userinfo:
        raise FetchError(
            f"The address of {host} contains a user name or password.",
            code="address_refused",
            hint="Put the key into the variable that the provider's row names.",
        )
    return target


def request_headers(
    target: httpx2.URL, etag: str | None, credential: Credential | None
) -> dict[str, str]:
    """The headers of one request; ``credential_refused`` where the target may not have the key."""
    headers = {}
    if credential is not None:
        require_permitted(credential.variable, credential.hosts, target)
        secret = credential.secret.strip()
        if not _is_header_text(secret):
            raise FetchError(
                f"The credential for {target.host} cannot be sent: it is empty or holds characters"
                " that no key has.",
                code="connection",
            )
        headers["Authorization"] = f"Bearer {secret}"
    if usable := usable_etag(etag):
        headers["If-None-Match"] = usable
    return headers


def require_permitted(variable: str, hosts: Iterable[Host], target: httpx2.URL) -> None:
    refused = refusal(variable, hosts, target.scheme, target.raw_host.decode("ascii"), target.port)
    if refused is not None:
        raise FetchError(refused, code="credential_refused")


def redirected(response: httpx2.Response, target: httpx2.URL, *, allow_http: bool) -> httpx2.URL:
    """The target of a redirect; FetchError unless it is the same host and port, or its https."""
    host = target.host
    location = response.headers.get("location", "")
    try:
        following = target.join(location)
    except (httpx2.InvalidURL, ValueError):
        following = None
    if not location or following is None:
        raise FetchError(f"{host} redirected to nowhere.", code="redirect_refused")
    # Compared as ASCII, as sent on the wire: two Unicode names may look alike.
    origin = (following.scheme, following.raw_host, following.port)
    secured = target.port is None and origin == ("https", target.raw_host, None)
    if origin != (target.scheme, target.raw_host, target.port) and not secured:
        raise FetchError(
            f"{host} redirected to another host: {following.host[:100]!r}.",
            code="redirect_refused",
            hint="If the provider has moved, change its base_url.",
        )
    return read_address(str(following), allow_http=allow_http)


def read_retry_after(value: str | None) -> timedelta | None:
    """Parse Retry-After, seconds or a date, as a time to wait; None if it is neither.

    At most LONGEST_RETRY_AFTER.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isdecimal() and value.isascii():
        seconds = min(int(value[:9]), LONGEST_RETRY_AFTER.total_seconds())
        return timedelta(seconds=seconds)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    wait = date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)
    return min(max(wait, timedelta(0)), LONGEST_RETRY_AFTER)


def usable_etag(etag: str | None) -> str | None:
    """The ETag if it is short and printable enough to be sent back; else None."""
    return etag if etag and len(etag) <= 256 and _is_header_text(etag.replace(" ", "")) else None


def _is_header_text(text: str) -> bool:
    return bool(text) and all("!" <= character <= "~" for character in text)
