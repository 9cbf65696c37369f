"""Defines what an adapter parses, ``PriceList``, and turns it into the rows for the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from pydantic import JsonValue

from service.prices.units import Axis, RawPrice, to_canonical, usd_text

_json = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class RawCondition:
    """Prices that replace the base ones for some requests; an axis not named keeps the base.

    ``min_prompt_tokens``: the prompt has strictly more tokens. ``utc_days``: weekday names, empty
    for every day. ``utc_start`` and ``utc_end``: a half-open window of HHMM clock numbers, which
    may wrap midnight. ``effective_from`` (included) and ``effective_until`` (excluded): aware
    times. ``when``: keys that a request must name with this value (``service_tier``, ``thinking``,
    ``region``, ...), and keys that are not understood, verbatim: what these price is unknown.
    ``unknown``: axes without a known price under the condition.

    All keys must hold. Among the conditions that hold, later ones win, axis by axis.
    """

    prices: tuple[RawPrice, ...]
    min_prompt_tokens: int | None = None
    utc_days: tuple[str, ...] = ()
    utc_start: int | None = None
    utc_end: int | None = None
    effective_from: datetime | None = None
    effective_until: datetime | None = None
    when: Mapping[str, JsonValue] = field(default_factory=dict)
    unknown: tuple[Axis, ...] = ()

    def as_json(self) -> dict[str, JsonValue]:
        """The condition's keys, then its prices in USD for one unit, null for unknown ones."""
        shown: dict[str, JsonValue] = {}
        for key, at in (
            ("effective_from", self.effective_from),
            ("effective_until", self.effective_until),
        ):
            if at is not None:
                shown[key] = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        shown |= self.when
        if self.min_prompt_tokens is not None:
            shown["min_prompt_tokens"] = self.min_prompt_tokens
        if self.utc_days:
            shown["utc_days"] = list(self.utc_days)
        if self.utc_start is not None and self.utc_end is not None:
            shown["utc_start"] = self.utc_start
            shown["utc_end"] = self.utc_end
        return shown | {axis.value: None for axis in self.unknown} | _columns(self.prices)


@dataclass(frozen=True, slots=True)
class RawModel:
    """One model as published. An axis without a price is unknown, not free.

    ``unknown`` maps a wire key to the published text of a price that counts as unknown. ``extra``
    holds what was published about a price and not read, verbatim. ``says_free``: the provider says
    in words that the model is free. ``provider`` is set only where the list is not the provider's
    own. ``aliases`` are other ids of the same model, by the catalogue's exact clauses.
    """

    model_id: str
    name: str | None = None
    prices: tuple[RawPrice, ...] = ()
    conditions: tuple[RawCondition, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
    unknown_keys: frozenset[str] = frozenset()
    provider: str | None = None
    says_free: bool = False
    aliases: tuple[str, ...] = ()

    def as_charged(self) -> dict[str, JsonValue]:
        """The prices in USD for one unit, and ``conditions``, whatever units were published."""
        charged = _columns(self.prices)
        if self.conditions:
            charged["conditions"] = [condition.as_json() for condition in self.conditions]
        return charged


@dataclass(frozen=True, slots=True)
class SkippedModel:
    """A model that was left out, and why, as a sentence for the operator."""

    model_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of a list a body is, by its own account; pages count from 1.

    A field is None if the body does not have it. ``entries`` counts the body's entries, skipped
    ones included.
    """

    number: int | None
    pages: int | None
    models_total: int | None
    entries: int


@dataclass(frozen=True, slots=True)
class PriceList:
    """The models that an adapter parsed from one body: a whole list, or one page of it.

    Prices are in the provider's units. ``unchanged`` are the models whose entry is as it was and
    was not read, ``digests`` the other entries that have one: model id to digest.
    ``ProviderList`` (``service/sync/list_reader.py``) is the whole list, as the database takes it.
    """

    models: tuple[RawModel, ...]
    skipped: tuple[SkippedModel, ...] = ()
    page: Page | None = None
    unchanged: Mapping[str, bytes] = field(default_factory=dict)
    digests: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def unknown_keys(self) -> tuple[str, ...]:
        """Keys that the adapter does not know, sorted; their values are in each model's extra."""
        return tuple(sorted({key for model in self.models for key in model.unknown_keys}))


def apply_row(model: RawModel, provider: str, source: str, digest: str | None = None) -> str:
    """The row for ``apply_provider_list``, as JSON: prices in USD for one unit, as decimal strings.

    ``provider`` is the slug of the sync; a model of another provider names it. ``source`` becomes
    ``pricing_source``, such as ``api:openrouter``. ``digest`` is that of the entry.
    """
    name = model.name or model.model_id
    prices = [(price, _written(price)) for price in model.prices]
    row = [
        f'"model_id":{_json(model.model_id)},"name":{_json(name)},"source":{_json(source)}',
        *([] if model.provider in (None, provider) else [f'"provider":{_json(model.provider)}']),
        *(['"free":true'] if model.says_free else ()),
        *([f'"aliases":{_json(model.aliases)}'] if model.aliases else ()),
        *{price.axis: written.column for price, written in prices}.values(),
    ]
    if model.conditions:
        row.append(f'"conditions":{_json([each.as_json() for each in model.conditions])}')
    row.append(f'"extra":{_json(dict(model.extra)) if model.extra else "{}"}')
    # By key, since a price and one that is unknown may have the same.
    raw = {key: f"{_json(key)}:{_json({'text': text})}" for key, text in model.unknown.items()}
    raw.update([(price.key, written.published) for price, written in prices])
    for condition in model.conditions:
        raw.update([(price.key, _written(price).published) for price in condition.prices])
    row.append(f'"raw":{{{",".join(raw.values())}}}')
    if digest is not None:
        row.append(f'"digest":{_json(digest)}')
    return f"{{{','.join(row)}}}"


def to_apply_rows(price_list: PriceList, provider: str, source: str) -> list[dict[str, JsonValue]]:
    """The values of each model's ``apply_row``."""
    return [json.loads(apply_row(model, provider, source)) for model in price_list.models]


def _columns(prices: Iterable[RawPrice]) -> dict[str, JsonValue]:
    return {price.axis.column: _written(price).usd for price in prices}


class _Written(NamedTuple):
    """A price as ``usd`` for one unit, and as JSON: of its ``column``, and as ``published``."""

    usd: str
    column: str
    published: str


# Many models have the same price.
@lru_cache(maxsize=8192)
def _written(price: RawPrice) -> _Written:
    usd = usd_text(to_canonical(price).usd)
    published = {"text": price.text, "unit": price.unit.label, "axis": price.axis.column}
    return _Written(usd, f'"{price.axis.column}":"{usd}"', f"{_json(price.key)}:{_json(published)}")
