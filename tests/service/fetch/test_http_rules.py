from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from service.environment.credential_hosts import Credential, Host
from service.errors import FetchError
from service.fetch.http_rules import (
    read_address,
    read_retry_after,
    redirected,
    request_headers,
    require_success,
    usable_etag,
)


@pytest.mark.parametrize(
    "url",
    [
        *["http://api.example.com/v1", "ftp://api.example.com", "file:///etc/passwd", "", "models"],
        *["https://", "https:///v1", "https://user:secret@api.example.com", "https://[::1"],
        *["https://api.example.com:99999/", "javascript:alert(1)"],
    ],
)
def test_addresses_that_are_not_asked(url: str) -> None:
    with pytest.raises(FetchError) as refused:
        read_address(url, allow_http=False)
    assert refused.value.code == "address_refused"
    assert "secret" not in refused.value.message


def test_http_only_where_it_is_allowed() -> None:
    assert read_address("http://localhost:9000/v1", allow_http=True).port == 9000
    assert read_address("https://api.example.com/v1", allow_http=False).host == "api.example.com"


def redirect(origin: str, location: str | None) -> str:
    headers = {} if location is None else {"Location": location}
    response = httpx2.Response(302, headers=headers)
    return str(redirected(response, httpx2.URL(origin), allow_http=True))


@pytest.mark.parametrize(
    ("origin", "location", "target"),
    [
        ("https://a.example/v1", "/v2", "https://a.example/v2"),
        ("https://a.example/v1/x", "y?page=2", "https://a.example/v1/y?page=2"),
        ("https://a.example/v1", "https://A.example:443/v2", "https://a.example/v2"),
        ("http://a.example/v1", "https://a.example/v1", "https://a.example/v1"),
        ("http://a.example:8000/v1", "//a.example:8000/v2", "http://a.example:8000/v2"),
    ],
)
def test_redirects_within_the_host(origin: str, location: str, target: str) -> None:
    assert redirect(origin, location) == target


@pytest.mark.parametrize(
    ("origin", "location"),
    [
        ("https://a.example/v1", "https://b.example/v1"),
        ("https://a.example/v1", "//b.example/v1"),
        ("https://a.example/v1", "https://a.example.b.example/v1"),
        ("https://a.example/v1", "https://sub.a.example/v1"),
        ("https://a.example/v1", "http://a.example/v1"),
        ("https://a.example/v1", "https://a.example:8443/v1"),
        ("http://a.example:8000/v1", "https://a.example/v1"),
        ("https://a.example/v1", "file:///etc/passwd"),
        ("https://a.example/v1", "https://[broken"),
        ("https://a.example/v1", ""),
        ("https://a.example/v1", None),
    ],
)
def test_redirects_that_are_refused(origin: str, location: str | None) -> None:
    with pytest.raises(FetchError) as refused:
        redirect(origin, location)
    assert refused.value.code == "redirect_refused"


def test_the_headers_of_a_request() -> None:
    target = httpx2.URL("https://a.example/v1")
    credential = Credential(" key-123\n", "A_KEY", (Host("a.example"),))
    headers = request_headers(target, '"v1"', credential)
    assert headers == {"Authorization": "Bearer key-123", "If-None-Match": '"v1"'}
    assert request_headers(target, None, None) == {}


@pytest.mark.parametrize("credential", ["", "  ", "two words", "line\nbreak", "schlüssel", "\x00"])
def test_a_credential_that_cannot_be_sent_is_never_shown(credential: str) -> None:
    with pytest.raises(FetchError) as refused:
        request_headers(
            httpx2.URL("https://a.example/v1"),
            None,
            Credential(credential, "A_KEY", (Host("a.example"),)),
        )
    assert refused.value.message.startswith("The credential for a.example cannot be sent")
    assert not credential.strip() or credential not in refused.value.message


@pytest.mark.parametrize(
    ("etag", "usable"),
    [
        ('"abc"', True),
        ('W/"abc def"', True),
        (None, False),
        ("", False),
        ("x" * 257, False),
        ("a\nb", False),
        ("é", False),
    ],
)
def test_an_etag_is_kept_only_if_it_can_be_sent_back(etag: str | None, usable: bool) -> None:
    assert usable_etag(etag) == (etag if usable else None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("30", 30), (" 7 ", 7), ("9" * 400, 86400), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after(value: str, seconds: int) -> None:
    assert read_retry_after(value) == timedelta(seconds=seconds)


def test_retry_after_as_a_date() -> None:
    wait = read_retry_after(format_datetime(datetime.now(UTC) + timedelta(minutes=10)))
    assert wait is not None
    assert timedelta(minutes=9) < wait <= timedelta(minutes=10)


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "1.5", "٣", "Wed, 99 Oct 2015"])
def test_a_retry_after_that_says_nothing(value: str | None) -> None:
    assert read_retry_after(value) is None


@pytest.mark.parametrize(
    ("status", "headers", "code"),
    [
        (304, {}, "http_status"),
        (204, {}, "http_status"),
        (206, {}, "http_status"),
        (300, {}, "http_status"),
        (401, {}, "http_status"),
        (404, {}, "http_status"),
        (500, {}, "http_status"),
        (503, {}, "http_status"),
        (503, {"Retry-After": "5"}, "rate_limited"),
        (429, {}, "rate_limited"),
        (429, {"Retry-After": "5"}, "rate_limited"),
    ],
)
def test_statuses_that_are_no_list(status: int, headers: dict[str, str], code: str) -> None:
    request = httpx2.Request("GET", "https://a.example/v1")
    response = httpx2.Response(status, headers=headers, request=request)
    with pytest.raises(FetchError) as refused:
        require_success(response, conditional=False)
    assert refused.value.code == code
    assert refused.value.message.startswith("a.example ")
    assert refused.value.retry_after == (timedelta(seconds=5) if headers else None)
    if status == 401:
        assert refused.value.hint == "Check the provider's credential."
