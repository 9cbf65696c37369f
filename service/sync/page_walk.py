"""Walks the pages of a list: which page to fetch next, and whether the list is complete.

Half a list would look as if models had been removed, so pages that do not belong together are
refused. One case stays invisible, in a list that names its pages but no total: when models are
removed between two fetches, another one may slip onto a page that was fetched already. It counts as
missing once, and returns with the next sync.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable

from service.errors import ParseError
from service.prices.price_list import Page, PriceList, RawModel, SkippedModel
from service.reading.model_list import MAX_ENTRIES

# With the smallest pages of any known provider, MAX_ENTRIES fill so many.
MAX_PAGES = 1_000

_POSITION = re.compile("entry [0-9]+")
CONFLICT = "the list has it more than once, with different prices"


class PageWalk:
    """One walk over the pages of one list; a list without pages is a walk of one page.

    ``next_page`` is the number of the page to fetch, from 1; None after the last. ``take()`` gets
    the parsed page and returns the models that no earlier page had; ``skipped`` are the models to
    leave out, even if ``take()`` returned them. ``is_paged``: the provider is asked page by page.
    Raises ParseError: ``incomplete_list`` for pages that do not belong together, ``bad_shape`` for
    a list without a usable model.
    """

    def __init__(self, *, is_paged: bool) -> None:
        self.next_page: int | None = 1
        self._is_paged = is_paged
        self._first: Page | None = None
        self._entries = 0
        self._charged: dict[str, bytes] = {}
        self._skipped: dict[str, str] = {}
        self._pages_seen: set[bytes] = set()

    @property
    def skipped(self) -> tuple[SkippedModel, ...]:
        """The models of all pages so far to leave out, and why."""
        return tuple(SkippedModel(*item) for item in self._skipped.items())

    def take(self, listed: PriceList) -> tuple[RawModel, ...]:
        """Take the next page; returns its new models."""
        if self.next_page is None:
            raise ValueError("the walk has ended")
        page = listed.page
        if page is None:
            if self._is_paged:
                raise _incomplete("The answer does not say which page of the list it is.")
            self.next_page = None
        else:
            self._follow(page, listed)
        new = self._new(listed.models)
        for skipped in listed.skipped:
            self._skipped.setdefault(_label(skipped, page), skipped.reason)
        is_empty = not listed.unchanged and not self._charged.keys() - self._skipped.keys()
        if self.next_page is None and is_empty:
            why = next(iter(self._skipped.values()), "there is none")
            raise ParseError(f"No model of the list can be read; the first: {why}.")
        return new

    def refuse_empty(self) -> ParseError:
        """The error for an empty page before the last one."""
        return _incomplete(f"Page {self.next_page} is empty: the list ended early.")

    def _follow(self, page: Page, listed: PriceList) -> None:
        """Check that the page belongs to the walk, and set ``next_page``."""
        asked = self.next_page or 1
        first = self._first = self._first or page
        if page.number is not None and page.number != asked:
            raise _incomplete(f"Page {asked} was asked for, and page {page.number} came.")
        if not page.entries:
            raise self.refuse_empty()
        if page.pages is None and page.models_total is None:
            raise _incomplete("The answer does not say how many pages or models there are.")
        if (page.pages, page.models_total) != (first.pages, first.models_total):
            raise _incomplete(
                f"The list changed while it was read: {_size(first)} on page 1,"
                f" {_size(page)} on page {asked}."
            )
        self._require_new_page(asked, listed)
        self._entries += page.entries
        total = page.models_total
        _require_bounds(page, asked, self._entries)
        if page.pages is not None and asked > page.pages:
            raise _incomplete(f"Page {asked} came of a list of {page.pages} pages.")
        is_last = asked == page.pages if page.pages is not None else self._entries == total
        if total is not None and (self._entries != total if is_last else self._entries > total):
            raise _incomplete(f"{asked} pages have {self._entries:,} models, not {total:,}.")
        if not is_last and not self._is_paged:
            raise _incomplete(f"The answer is one page of {_size(page)}.")
        self.next_page = None if is_last else asked + 1

    def _require_new_page(self, asked: int, listed: PriceList) -> None:
        ids = sorted({model.model_id for model in listed.models})
        digest = _digest(ids)
        if ids and digest in self._pages_seen:
            raise _incomplete(f"Page {asked} has the models of a page before it.")
        self._pages_seen.add(digest)

    def _new(self, models: Iterable[RawModel]) -> tuple[RawModel, ...]:
        new: dict[str, RawModel] = {}
        for model in models:
            name = model.model_id
            if name in self._charged:
                agrees = self._charged[name] == _digest([model.as_charged()])
            elif name in new:
                agrees = new[name].as_charged() == model.as_charged()
            else:
                new[name] = model
                continue
            if not agrees:
                self._skipped.setdefault(name, CONFLICT)
        # After the last page nothing is compared any more.
        is_last = self.next_page is None
        for name, model in new.items():
            self._charged[name] = b"" if is_last else _digest([model.as_charged()])
        return tuple(new.values())


def _require_bounds(page: Page, asked: int, entries: int) -> None:
    pages = max(page.pages or 0, asked)
    if pages > MAX_PAGES:
        raise _incomplete(f"The list has {pages:,} pages, more than {MAX_PAGES:,}.")
    largest = max(page.models_total or 0, entries)
    if largest > MAX_ENTRIES:
        raise _incomplete(f"The list has {largest:,} entries, more than {MAX_ENTRIES:,}.")


def _label(skipped: SkippedModel, page: Page | None) -> str:
    """The name of a skipped entry; a position is that within its page, so the page is added."""
    if page is None or page.number in (None, 1) or not _POSITION.fullmatch(skipped.model_id):
        return skipped.model_id
    return f"{skipped.model_id} of page {page.number}"


def _size(page: Page) -> str:
    said = ((page.models_total, "models"), (page.pages, "pages"))
    return ", ".join(f"{count:,} {what}" for count, what in said if count is not None) or "nothing"


def _digest(value: object) -> bytes:
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=16).digest()


def _incomplete(message: str) -> ParseError:
    return ParseError(message, code="incomplete_list")
