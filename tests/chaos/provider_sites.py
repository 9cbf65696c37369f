"""The providers of a run: their lists change, their responses are slow, broken or missing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from tests.chaos.price_book import PriceBook, PublishedList
from tests.support.provider_server import Answer, ProviderServer

# Longer than the fetch timeout; the worker has hung up by then.
HANGING_SECONDS = 30.0


@dataclass(frozen=True)
class Served:
    """A request got this list, or may have got it: it was ``asked_at`` (epoch)."""

    slug: str
    number: int
    asked_at: float


class ProviderSites(ProviderServer):
    """One server for all providers; it decides and records each response on request."""

    def __init__(self, books: list[PriceBook], random: Random) -> None:
        super().__init__()
        self.books = {book.slug: book for book in books}
        self.served: list[Served] = []
        self.hanging: frozenset[str] = frozenset()
        self.calm = False
        self._random = random
        self._deciding = threading.Lock()
        self._open: dict[str, int] = {}
        # When the last response ended (epoch), and whether a worker can read it.
        self._ended: dict[str, tuple[float, bool]] = {}
        self._thread = threading.local()

    def next_answer(self, slug: str) -> Answer:
        asked_at = time.time()
        with self._deciding:
            book, published = self._page(slug)
            self.served.append(Served(slug, published.number, asked_at))
            answer = self._answer(book, published)
            self._thread.is_readable = answer.body is not None and answer.body[:2] == b'{"'
            return answer

    @contextmanager
    def recorded(self, path: str, headers: dict[str, str]) -> Iterator[None]:
        slug = path.split("/")[1]
        with super().recorded(path, headers):
            with self._deciding:
                self._open[slug] = self._open.get(slug, 0) + 1
            try:
                yield
            finally:
                with self._deciding:
                    self._open[slug] -= 1
                    self._ended[slug] = (time.time(), self._thread.is_readable)

    def phase(self, slug: str, since: float) -> str:
        """The phase that an attempt begun then (epoch) has reached with this provider."""
        if self._open.get(slug, 0) > 0:
            return "fetch"
        ended_at, is_readable = self._ended.get(slug, (0.0, False))
        if ended_at < since:
            return "start"
        return "parse" if is_readable else "fetch"

    def _page(self, slug: str) -> tuple[PriceBook, PublishedList]:
        book = self.books[slug]
        changes = self._random.random() < 0.7
        return book, book.turn_page() if changes and not self.calm else book.current

    def _answer(self, book: PriceBook, published: PublishedList) -> Answer:
        if self.calm:
            return Answer(body=book.body(published), etag=_has_etag(book))
        if book.slug in self.hanging:
            return Answer(delay=HANGING_SECONDS)
        return self._weather(book, published)

    def _weather(self, book: PriceBook, published: PublishedList) -> Answer:
        body = book.body(published)
        drawn = self._random.random()
        if drawn < 0.05:
            return Answer(body=b"<html>Please come back later.</html>")
        if drawn < 0.08:
            return Answer(body=b" " + body, cut=True)
        if drawn < 0.11:
            return Answer(body=b"{}", status=503)
        if drawn < 0.30:
            return Answer(body=body, delay=self._random.uniform(0.3, 1.5), etag=_has_etag(book))
        return Answer(body=body, delay=self._random.uniform(0, 0.1), etag=_has_etag(book))


def _has_etag(book: PriceBook) -> bool:
    return book.slug < "d"
