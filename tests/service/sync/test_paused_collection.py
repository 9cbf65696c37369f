"""No garbage collection while lists are read, and collection again after the last of them."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest

from service.errors import ParseError
from service.prices.price_list import PriceList
from service.providers.adapter import Adapter, adapter
from service.sync.list_reader import ListReader
from service.sync.paused_collection import paused_collection


def test_a_list_is_read_without_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def parse(self: ListReader, body: bytes) -> PriceList:
        seen.append(gc.isenabled())
        raise ParseError("odd")

    monkeypatch.setattr(ListReader, "_parse", parse)
    provider: Adapter = adapter("openrouter")
    with pytest.raises(ParseError):
        ListReader(provider, "openrouter").take(b"{}", datetime.now(UTC))
    assert seen == [False]
    assert gc.isenabled()


def test_the_last_of_several_readers_ends_the_pause() -> None:
    both_read, one_is_done = Barrier(2, timeout=10), Barrier(2, timeout=10)

    def first() -> None:
        with paused_collection():
            both_read.wait()
        one_is_done.wait()

    def second() -> bool:
        with paused_collection():
            both_read.wait()
            one_is_done.wait()
            return gc.isenabled()

    with ThreadPoolExecutor(2) as threads:
        done = threads.submit(first)
        assert not threads.submit(second).result()
        done.result()
    assert gc.isenabled()
