"""What one attempt does with the body of a list."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from service.providers.adapter import adapter
from service.settings import read_settings
from service.sync.attempt import Attempt
from service.sync.fetch_list import SyncTools, _etag_parser, fetch_provider_list
from tests.support.provider_shapes import SHAPES

BODY = json.dumps(SHAPES["openrouter"].body(20)).encode()
DIGEST = hashlib.sha256(BODY).hexdigest()


@pytest.mark.anyio
@pytest.mark.parametrize("known", [None, DIGEST])
async def test_a_body_is_hashed_once(known: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    sha256 = hashlib.sha256

    def noted(data: bytes = b"", **options: Any) -> Any:
        hashed.append(len(data))
        return _Noted(sha256(data, **options), hashed)

    monkeypatch.setattr(hashlib, "sha256", noted)
    settings = read_settings({"PRICING_ALLOW_PRIVATE_HOSTS": "1"})
    transport = httpx2.MockTransport(
        lambda request: httpx2.Response(200, stream=httpx2.ByteStream(BODY))
    )
    row = Attempt(
        *(1, 1, "job", "openrouter", "openrouter", "http://127.0.0.1:1", None, 30.0, None, None),
        content_digest=known,
        enabled=True,
    )
    attempt = replace(row, etag_parser=_etag_parser(row, adapter("openrouter")))

    async def nothing_known() -> frozenset[bytes]:
        return frozenset()

    with ThreadPoolExecutor(1) as threads:
        async with httpx2.AsyncClient(transport=transport) as client:
            tools = SyncTools(settings, client, threads)
            listed = await fetch_provider_list(attempt, tools, nothing_known)
    assert hashed.count(len(BODY)) == 1
    # An equal body goes the way of a 304.
    assert (listed.rows is None) == (known == DIGEST)
    assert listed.content_digest == (None if known else DIGEST)


class _Noted:
    """A hash that notes what it is given."""

    def __init__(self, of: Any, hashed: list[int]) -> None:
        self._of, self._hashed = of, hashed

    def update(self, data: bytes) -> None:
        self._hashed.append(len(data))
        self._of.update(data)

    def hexdigest(self) -> str:
        return str(self._of.hexdigest())
