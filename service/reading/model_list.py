"""Reads the list around the models: ``{"data": [...]}``, as in OpenAI's API, or another place.

A list that is not understood as a whole is refused, because half a list would look as if models had
been removed. One model that is not understood is skipped and named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from service.errors import ParseError
from service.prices.price_list import Page, PriceList, RawModel, SkippedModel
from service.reading.currency_and_unit import require_dollars, require_units
from service.reading.entry_digests import EntryDigests, cut_entries
from service.reading.entry_words import EntryWords, words_of_answer, words_of_entry
from service.reading.known_keys import KnownKeys
from service.reading.model_id import MAX_ID_LENGTH, read_id
from service.reading.sold_as import CHAT_ONLY, Kinds
from service.reading.whole_entry import complete
from service.reading.wire import (
    InvalidEntry,
    Number,
    RepeatedKeys,
    parse_json,
    printable,
    read_object,
    shown,
)

# Several times what any provider has: a longer list is a mistake, and would take minutes to parse.
MAX_ENTRIES = 100_000
# Many times what any model has: the database compares each with each.
MAX_CONDITIONS = 100
# Many times what any model has beside its prices, nested values included. The time in which
# Postgres puts one object into a list (jsonb_agg) grows with the square of its values.
MAX_EXTRA_VALUES = 1_000
LEFT_OUT = "(keys left out)"
MAX_REASON_LENGTH = 500
# Keys beside a list that announce further pages.
_MORE_FOLLOWS = ("next", "next_page", "next_page_token", "nextPageToken", "next_cursor")
# A provider's error message may repeat the API key, also in base64.
_LIKE_A_KEY = re.compile(r"[A-Za-z0-9_\-*.+/=]{16,}")

ReadModel = Callable[[str, dict[str, object]], RawModel]
# Gets the whole body and the number of its entries.
ReadPage = Callable[[dict[str, object], int], Page]


@dataclass(frozen=True, slots=True)
class Split:
    """For a list in which one entry is several models: they are in the list under ``key``.

    ``models`` maps an entry's id and the entry to each of them: the id, and the model's own entry
    or the error.
    """

    key: str
    models: Callable[[str, dict[str, object]], list[tuple[str, dict[str, object] | InvalidEntry]]]


def read_models(
    body: bytes,
    read_model: ReadModel,
    known: KnownKeys,
    *,
    by_token: Kinds = CHAT_ONLY,
    at: tuple[str, ...] = ("data",),
    id_key: str = "id",
    split: Split | None = None,
    read_page: ReadPage | None = None,
    digests: EntryDigests | None = None,
) -> PriceList:
    """Parse the price list in a body, each entry by ``read_model(model_id, entry)``.

    ``known`` are the keys that it reads, or that are no prices: what an entry says of prices under
    other keys is kept in ``extra``. ``by_token`` are the kinds of model beside chat that the
    provider's documentation charges by the token. ``at`` is the path of keys to the list; an empty
    one means that the body is the list itself. ``read_page`` reads which page of how many this is;
    without it the body must be the whole list. With ``digests`` the entries that are as they were
    are not read, unless it is one page of several, or one entry is several models.
    ParseError: ``not_json``, ``bad_shape``, ``refused_by_provider``, ``incomplete_list`` or
    ``empty_list``.
    """
    found = None
    if digests is not None and read_page is None and split is None:
        found = _changed_entries(body, at, id_key, digests)
    found = found or _all_entries(body, at)
    page = None
    if read_page is None:
        _require_complete(found.answer, found.count)
    else:
        try:
            page = read_page(found.answer, found.count)
        except InvalidEntry as invalid:
            raise ParseError(f"The page of the list is not understood: {invalid}.") from None
    if not found.count:
        raise ParseError("The list is empty.", code="empty_list")
    models: dict[str, RawModel] = {}
    skipped: dict[str, str] = {}
    around = _words_around(found.answer, at)
    for label, entry, outer in _each(found.entries, id_key, split):
        if label in skipped:
            # A model that was skipped once stays skipped, however often it comes.
            continue
        try:
            if isinstance(entry, InvalidEntry):
                raise entry
            words = words_of_entry(entry, known if split is None else known.beneath(split.key))
            said = [entry]
            if outer is not None and split is not None:
                words.add(words_of_entry(outer, known.without(split.key)))
                said.append(outer)
            model = complete(read_model(label, entry), said, words, by_token)
            if around.units:
                _require_units_around(around, model)
            _require_few_conditions(model)
            model = _with_few_extras(model)
            first = models.setdefault(label, model)
            if first is not model and first.as_charged() != model.as_charged():
                raise InvalidEntry("the list has it more than once, with different prices")
        except InvalidEntry as invalid:
            skipped[label] = str(invalid)[:MAX_REASON_LENGTH]
        except RecursionError:
            skipped[label] = "it is nested too deep to be read"
    kept = tuple(model for model_id, model in models.items() if model_id not in skipped)
    # One page may have no usable model; only the whole list must have one.
    if not kept and not found.unchanged and page is None:
        why = next(iter(skipped.values()), "it has no models in it")
        raise ParseError(f"None of the {found.count} entries can be read; the first: {why}.")
    return PriceList(
        kept,
        tuple(SkippedModel(*item) for item in skipped.items()),
        page,
        unchanged=found.unchanged,
        digests=found.digests,
    )


def read_name(entry: dict[str, object], key: str = "name") -> str | None:
    """The display name under ``key``; None without one."""
    name = entry.get(key)
    return printable(name[:MAX_ID_LENGTH]) if isinstance(name, str) and name.strip() else None


@dataclass(frozen=True, slots=True)
class _Entries:
    """The entries to read, each with its position in the list, from 1.

    ``answer`` is the object around the list, ``count`` the number of all entries. ``unchanged`` and
    ``digests`` are those of the entries left out and of the others, by model id.
    """

    answer: dict[str, object]
    count: int
    entries: Iterable[tuple[int, object]]
    unchanged: dict[str, bytes] = field(default_factory=dict)
    digests: dict[str, bytes] = field(default_factory=dict)


def _all_entries(body: bytes, at: tuple[str, ...]) -> _Entries:
    answer, entries = _read_entries(body, at)
    return _Entries(answer, len(entries), _freed(entries))


def _freed(entries: list[object]) -> Iterator[tuple[int, object]]:
    """The entries with their positions, each of them taken out of the list and so freed."""
    entries.reverse()
    for position in range(1, len(entries) + 1):
        yield position, entries.pop()


def _changed_entries(
    body: bytes, at: tuple[str, ...], id_key: str, digests: EntryDigests
) -> _Entries | None:
    """The entries without those that are as they were; None where all are to be read."""
    cut = cut_entries(body, at, id_key, digests)
    if cut is None or len(cut) > MAX_ENTRIES:
        return None
    answer, _ = _read_entries(cut.around, at)
    around = words_of_answer(answer, at)
    if around.currencies or around.units:
        # They count for each entry, and are no part of its digest.
        return None
    changed, unchanged = cut.compare(digests.unchanged)
    by_id = {
        each.model_id: each.digest
        for each in changed
        if each.model_id is not None and each.digest is not None
    }
    entries = ((each.position, parse_json(each.text)) for each in changed)
    return _Entries(answer, len(cut), entries, unchanged, by_id)


def _read_entries(body: bytes | str, at: tuple[str, ...]) -> tuple[dict[str, object], list[object]]:
    """The object around the list (empty if there is none), and the list."""
    found = parse_json(body)
    answer: dict[str, object] = {}
    if at or isinstance(found, dict):
        try:
            answer = read_object(found, "The answer")
        except InvalidEntry as invalid:
            raise ParseError(f"{invalid}.") from None
        if answer.get("error") is not None or answer.get("success") is False:
            raise ParseError(_refusal(answer), code="refused_by_provider")
    for key in at:
        found = _inner(found, key)
    if not isinstance(found, list):
        if at:
            raise ParseError(f"{'.'.join(at)} is {shown(found)}, not an array.")
        raise ParseError(f"The answer is {shown(found)}, not an array.")
    if len(found) > MAX_ENTRIES:
        raise ParseError(f"The list has {len(found):,} entries, more than {MAX_ENTRIES:,}.")
    return answer, found


def _inner(found: object, key: str) -> object:
    try:
        around = read_object(found, "The answer")
    except InvalidEntry as invalid:
        raise ParseError(f"{invalid}.") from None
    if key not in around:
        keys = ", ".join(shown(known) for known in list(around)[:5]) or "none"
        raise ParseError(f"The answer has no list under the key {key}; its keys: {keys}.")
    return around[key]


def _words_around(answer: dict[str, object], at: tuple[str, ...]) -> EntryWords:
    """What is said around the list; ParseError for another currency than USD."""
    words = words_of_answer(answer, at)
    try:
        require_dollars(words.currencies)
    except InvalidEntry as invalid:
        raise ParseError(f"The prices are not in USD: {invalid}.") from None
    return words


def _require_units_around(around: EntryWords, model: RawModel) -> None:
    try:
        require_units(around.units, model)
    except InvalidEntry as invalid:
        raise ParseError(f"The prices are in another unit: {invalid}.") from None


def _each(
    entries: Iterable[tuple[int, object]], id_key: str, split: Split | None
) -> Iterator[tuple[str, dict[str, object] | InvalidEntry, dict[str, object] | None]]:
    """Each model's id and entry, and the one around it if it is one of several.

    For an entry without a usable id, its position and the error.
    """
    for position, entry in entries:
        label = None
        try:
            label = _read_id(entry, id_key)
            read = read_object(entry, "the entry")
            if split is None:
                yield label, read, None
            else:
                yield from ((name, inner, read) for name, inner in split.models(label, read))
        except InvalidEntry as invalid:
            yield label or f"entry {position}", invalid, None


def _require_few_conditions(model: RawModel) -> None:
    count = len(model.conditions)
    if count > MAX_CONDITIONS:
        raise InvalidEntry(f"it has {count:,} conditions, more than {MAX_CONDITIONS}")


def _with_few_extras(model: RawModel) -> RawModel:
    """The model with at most MAX_EXTRA_VALUES of extra, and the number of keys left out."""
    if sum(map(_values, model.extra.values())) <= MAX_EXTRA_VALUES:
        return model
    kept: dict[str, JsonValue] = {}
    room = MAX_EXTRA_VALUES
    # Sorted, so that the same list always keeps the same keys.
    for key in sorted(model.extra):
        size = _values(model.extra[key])
        if size <= room:
            kept[key] = model.extra[key]
            room -= size
    left_out = model.extra.keys() - kept.keys()
    return replace(
        model,
        extra={**kept, LEFT_OUT: len(left_out)},
        unknown_keys=frozenset(model.unknown_keys - left_out),
    )


def _values(value: JsonValue | Mapping[str, JsonValue]) -> int:
    """The number of values: this one and those inside of it."""
    if isinstance(value, Mapping):
        return 1 + sum(map(_values, value.values()))
    if isinstance(value, list):
        return 1 + sum(map(_values, value))
    return 1


def _require_complete(answer: dict[str, object], count: int) -> None:
    total = answer.get("total_count")
    if total is not None and total != Number(str(count)):
        raise ParseError(
            f"The list has {count} models, but total_count is {shown(total)}.",
            code="incomplete_list",
        )
    links = answer.get("links")
    following = links.get("next") if isinstance(links, dict) else None
    more = answer.get("has_more") is True or any(answer.get(key) for key in _MORE_FOLLOWS)
    if following is not None or more:
        raise ParseError(
            f"The list has {count} models and says that more follow.", code="incomplete_list"
        )


def _refusal(answer: dict[str, object]) -> str:
    error = answer.get("error")
    words = error.get("message") if isinstance(error, dict) else error
    if not isinstance(words, str):
        words = answer.get("message")
    if not isinstance(words, str) or not words.strip():
        return "The provider answered with an error instead of a list."
    return f"The provider refused: {shown(_LIKE_A_KEY.sub('...', words), limit=200)}"


def _read_id(entry: object, id_key: str) -> str:
    if isinstance(entry, RepeatedKeys):
        entry = dict(entry.values) if id_key not in entry.keys else read_object(entry, "the entry")
    return read_id(read_object(entry, "the entry").get(id_key))
