"""Finds the entries of a list that are as they were when they were last applied, by their digests.

An entry's digest is that of its values, whatever their order and white space, and of what reads
them: the version and the adapter. Numbers count as they are written, and a key that an object in an
entry has twice counts twice.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from service.reading.wire import decoded

DIGEST_BYTES = 16
# At the top of an entry: no adapter and no rule reads a text or number under these keys, and some
# change with each answer.
NOT_READ = frozenset({"created", "created_at", "description", "updated_at"})
# The same text on every version of Python: later formats depend on which objects are shared.
_FORMAT = 2
_SPACE = re.compile(r"[ \t\n\r]*")
_KEY = itemgetter(0)

# An object with its keys in order, told from an array by its type.
_Pairs = tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class EntryDigests:
    """``unchanged``: the digests of entries that need not be read.

    ``reader``: which version of which adapter reads the list, for which provider.
    """

    reader: str
    unchanged: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class ChangedEntry:
    """The JSON text of an entry to read, and its position in the list, from 1.

    ``model_id`` and ``digest`` are None where other entries have the id too, which must agree.
    """

    position: int
    text: str
    model_id: str | None
    digest: bytes | None


@dataclass(slots=True)
class EntryTexts:
    """A list cut into its entries; ``around`` is the answer with an empty list in its place."""

    text: str
    around: str = ""
    _found: list[tuple[int, int, str | None, bytes]] = field(default_factory=list)
    _times: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self._found)

    def compare(self, unchanged: frozenset[bytes]) -> tuple[list[ChangedEntry], dict[str, bytes]]:
        """The entries to read, and the digests of those that are as they were, by model id."""
        times, text = self._times, self.text
        changed, as_they_were = [], {}
        for position, (start, end, model_id, digest) in enumerate(self._found, start=1):
            if model_id is None or times[model_id] > 1:
                changed.append(ChangedEntry(position, text[start:end], None, None))
            elif digest in unchanged:
                as_they_were[model_id] = digest
            else:
                changed.append(ChangedEntry(position, text[start:end], model_id, digest))
        return changed, as_they_were

    def add(self, start: int, end: int, model_id: str | None, digest: bytes) -> None:
        """Add the entry at a place of the text."""
        if model_id is not None:
            self._times[model_id] += 1
        self._found.append((start, end, model_id, digest))


def cut_entries(
    body: bytes, at: tuple[str, ...], id_key: str, digests: EntryDigests
) -> EntryTexts | None:
    """The entries of the list at the path ``at``; None for what is no such list, or odd JSON."""
    try:
        return _Cut(decoded(body), at, id_key, digests).result()
    except (_OddError, ValueError, StopIteration, RecursionError, IndexError):
        return None


class _OddError(Exception):
    """The text is to be read as a whole, which says what is wrong."""


class _Cut:
    """One walk over the text, value by value, so that no more than one entry is in memory."""

    def __init__(self, text: str, at: tuple[str, ...], id_key: str, digests: EntryDigests) -> None:
        self._text = text
        self._at = at
        self._id_key = id_key
        self._found = EntryTexts(text)
        self._list = (0, 0)
        self._hash = hashlib.blake2b(digests.reader.encode() + b"\0", digest_size=DIGEST_BYTES)

    def result(self) -> EntryTexts:
        end = self._walk(self._skip(0), self._at)
        if self._skip(end) != len(self._text):
            raise _OddError
        first, last = self._list
        self._found.around = f"{self._text[:first]}[]{self._text[last:]}"
        return self._found

    def _skip(self, index: int) -> int:
        space = _SPACE.match(self._text, index)
        return space.end() if space else index

    def _walk(self, index: int, at: tuple[str, ...]) -> int:
        """Walk the value at ``index``, in which the list is at ``at``; returns its end."""
        if not at:
            end = self._walk_list(index)
            self._list = (index, end)
            return end
        if self._text[index] != "{":
            raise _OddError
        is_found = False
        while True:
            key, index = _scan(self._text, self._skip(index + 1))
            index = self._skip(index)
            if not isinstance(key, str) or self._text[index] != ":":
                raise _OddError
            index = self._skip(index + 1)
            if key != at[0]:
                _, index = _scan(self._text, index)
            elif is_found:
                raise _OddError
            else:
                is_found = True
                index = self._walk(index, at[1:])
            index = self._skip(index)
            if self._text[index] == "}" and is_found:
                return index + 1
            if self._text[index] != ",":
                raise _OddError

    def _walk_list(self, index: int) -> int:
        text, found = self._text, self._found
        if text[index] != "[":
            raise _OddError
        while True:
            index = self._skip(index + 1)
            value, end = _scan(text, index)
            # A key twice is an odd entry, and so rare that the list may be read as a whole.
            model_id, kept = _id_and_values(value, self._id_key)
            digest = self._hash.copy()
            digest.update(marshal.dumps(kept, _FORMAT))
            found.add(index, end, model_id, digest.digest())
            index = self._skip(end)
            if text[index] == "]":
                return index + 1
            if text[index] != ",":
                raise _OddError


def _in_order(pairs: list[tuple[str, object]]) -> _Pairs:
    pairs.sort(key=_KEY)
    return tuple(pairs)


# Numbers as bytes: they are told from strings, and stay as they are written.
_DECODER = json.JSONDecoder(
    parse_float=str.encode,
    parse_int=str.encode,
    parse_constant=str.encode,
    object_pairs_hook=_in_order,
)


# The value at a place of a text, and its end; StopIteration where there is none.
_scan: Callable[[str, int], tuple[object, int]] = vars(_DECODER)["scan_once"]


def _id_and_values(value: object, id_key: str) -> tuple[str | None, Any]:
    """An entry's id, if it has one, and what counts of the entry; _OddError for a key twice."""
    if not isinstance(value, tuple):
        return None, value
    entry = dict(value)
    if len(entry) != len(value):
        raise _OddError
    for key in NOT_READ:
        if key in entry and not isinstance(entry[key], tuple | list):
            del entry[key]
    model_id = entry.get(id_key)
    return model_id if isinstance(model_id, str) else None, tuple(entry.items())
