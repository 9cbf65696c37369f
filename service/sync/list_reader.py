"""Turns the pages of a provider's list into the arguments of ``apply_provider_list``.

Keeps only JSON text, model by model: a page's body and its parsed form are freed before the next
page is fetched, so a list of many thousand models needs little memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import JsonValue

from service import __version__
from service.errors import FetchError, ParseError
from service.prices.catalogue import (
    CatalogueModels,
    catalogue_models,
    catalogue_source,
    catalogue_version,
)
from service.prices.price_list import PriceList, RawModel, SkippedModel, apply_row
from service.providers.adapter import Adapter
from service.reading.body_cost import require_affordable
from service.reading.entry_digests import EntryDigests
from service.sync.page_walk import PageWalk
from service.sync.paused_collection import paused_collection

# All pages together: several times what any provider sends.
MAX_LIST_BYTES = 128 * 1024 * 1024
# The database stores each key, to report it once; a list whose keys are ids has no end of them.
MAX_UNKNOWN_KEYS = 1_000
MAX_KEY_LENGTH = 200
# One for all rows: ``json.dumps`` would make one for each.
_compact = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class ProviderList:
    """One provider's whole list, as the arguments of ``apply_provider_list``.

    ``rows`` is None when the list has not changed since the last sync (HTTP 304, or the same body).
    ``unchanged`` has the digests of the entries that ``rows`` leaves out because they are as they
    were, one after the other. ``rows`` and ``reference`` (the catalogue's prices of all models of
    the list) are JSON text.

    Not to be confused with ``PriceList``: what an adapter parses from one body, in the provider's
    own units.
    """

    observed_at: datetime
    rows: str | None = None
    skipped: tuple[SkippedModel, ...] = ()
    unknown_keys: tuple[str, ...] = ()
    reference: str | None = None
    reference_version: str | None = None
    etag: str | None = None
    etag_parser: str | None = None
    content_digest: str | None = None
    unchanged: bytes = b""


class ListReader:
    """Takes the pages of one list, one body each, in order; ``result()`` returns the whole list.

    ``next_page`` is the number of the page to fetch, from 1; None when the list is complete.
    ``unchanged`` are the digests of entries that need not be read; None: the list is read as a
    whole. ``take()`` is CPU work. It raises ParseError for a list that cannot be used, and
    FetchError ``too_large`` when all pages together have more than MAX_LIST_BYTES.
    """

    def __init__(
        self, provider: Adapter, slug: str, unchanged: frozenset[bytes] | None = None
    ) -> None:
        self._provider = provider
        self._slug = slug
        self._source = f"api:{slug}"
        self._digests: EntryDigests | None = None
        if unchanged is not None:
            reader = f"{__version__} {provider.slug} {slug}"
            self._digests = EntryDigests(reader, unchanged)
        self._walk = PageWalk(is_paged=provider.pages is not None)
        self._known = CatalogueModels()
        self._observed_at: datetime | None = None
        self._digest = hashlib.sha256()
        self._bytes = 0
        self._etag: str | None = None
        self._rows: dict[str, str] = {}
        self._unchanged: dict[str, bytes] = {}
        self._reference: dict[str, dict[str, JsonValue]] = {}
        # Models that a clause of the catalogue names in other case, and ids by their lower case:
        # where two differ by case alone, such a clause does not say which it means.
        self._in_other_case: dict[str, tuple[RawModel | None, RawModel]] = {}
        self._cases: dict[str, int] = {}
        self._unknown_keys: set[str] = set()

    @property
    def next_page(self) -> int | None:
        return self._walk.next_page

    def take(
        self,
        body: bytes,
        observed_at: datetime,
        etag: str | None = None,
        digest: hashlib._Hash | None = None,
    ) -> None:
        """Add the body of page ``next_page``, the time of its arrival, and the list's ETag.

        ``digest``: the body's, where it is the whole list and the caller has it already.
        """
        if self._observed_at is None:
            self._observed_at = observed_at
            self._known = catalogue_models(self._slug, observed_at)
        self._bytes += len(body)
        if self._bytes > MAX_LIST_BYTES:
            raise FetchError(
                f"The pages of the list have more than {MAX_LIST_BYTES:,} bytes.", code="too_large"
            )
        if digest is None:
            self._digest.update(body)
        else:
            self._digest = digest
        self._etag = etag
        with paused_collection():
            listed = self._parse(body)
            self._keep(self._walk.take(listed), listed.digests)
        for model_id in listed.unchanged:
            self._note(model_id, None)
        self._unchanged.update(listed.unchanged)

    def result(self) -> ProviderList:
        """Return the list and free what was read; ValueError before the last page was taken."""
        if self.next_page is not None or self._observed_at is None:
            raise ValueError("the list is not whole")
        for model_id, (model, known) in self._in_other_case.items():
            if self._cases[model_id.lower()] == 1:
                self._reference[model_id] = _reference(model_id, known)
                if model is not None and not self._provider.price_api:
                    self._keep_row(model, known)
        skipped = self._walk.skipped
        for left_out in skipped:
            self._rows.pop(left_out.model_id, None)
            self._reference.pop(left_out.model_id, None)
        rows = "".join(_array(self._rows.values()))
        self._rows.clear()
        return ProviderList(
            observed_at=self._observed_at,
            rows=rows,
            skipped=skipped,
            unknown_keys=tuple(sorted(self._unknown_keys)[:MAX_UNKNOWN_KEYS]),
            reference=_compact(
                [{"model_id": key, **each} for key, each in self._reference.items()]
            ),
            reference_version=catalogue_version(),
            etag=self._etag,
            content_digest=self._digest.hexdigest(),
            unchanged=b"".join(self._unchanged.values()),
        )

    def _parse(self, body: bytes) -> PriceList:
        require_affordable(body)
        try:
            if self._digests is None:
                return self._provider.parse(body)
            return self._provider.parse(body, digests=self._digests)
        except ParseError as refused:
            if refused.code == "empty_list" and self.next_page != 1:
                raise self._walk.refuse_empty() from None
            raise

    def _keep(self, models: Iterable[RawModel], digests: Mapping[str, bytes]) -> None:
        for model in models:
            if model.unknown_keys:
                self._unknown_keys |= {key[:MAX_KEY_LENGTH] for key in model.unknown_keys}
            known = self._note(model.model_id, model)
            self._keep_row(model, known, digests.get(model.model_id))

    def _note(self, model_id: str, model: RawModel | None) -> RawModel | None:
        """Note what the catalogue says about a model of the list; None if that is nothing."""
        if model_id not in self._rows:
            lower = model_id.lower()
            self._cases[lower] = self._cases.get(lower, 0) + 1
        known = self._known.find(model_id)
        if known is not None:
            self._reference[model_id] = _reference(model_id, known)
            return known
        in_other_case = self._known.find_in_any_case(model_id)
        if in_other_case is not None:
            self._in_other_case[model_id] = (model, in_other_case)
        return None

    def _keep_row(
        self, model: RawModel, known: RawModel | None, digest: bytes | None = None
    ) -> None:
        source = self._source if self._provider.price_api else catalogue_source()
        if not self._provider.price_api and known is not None:
            model = replace(
                model,
                prices=known.prices,
                conditions=known.conditions,
                extra={**model.extra, **known.extra},
            )
        said = None if digest is None else digest.hex()
        self._rows[model.model_id] = apply_row(model, self._slug, source, said)


def _array(values: Iterable[str]) -> Iterator[str]:
    """The parts of a JSON array, which are joined once: the text may have many megabytes."""
    before = "["
    for value in values:
        yield before
        yield value
        before = ","
    yield "[]" if before == "[" else "]"


def _reference(model_id: str, known: RawModel) -> dict[str, JsonValue]:
    """What the catalogue says about the model; conditions are not compared."""
    prices = known.as_charged()
    prices.pop("conditions", None)
    if known.model_id == model_id:
        return {"prices": prices}
    return {"prices": prices, "canonical_id": known.model_id}
