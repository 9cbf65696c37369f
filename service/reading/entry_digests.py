"""Finds the entries of a list that are as they were when they were last applied, by their digests.

An entry's digest is that of its values, whatever their order and white space, and of what reads
them: the version and the adapter. Numbers count as they are written, and a key that an object has
twice counts twice.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from service.reading.model_id import read_id
from service.reading.wire import InvalidEntry, decoded

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
class Entry:
    """The JSON text of one entry; its id and digest, unless it has no usable id of its own."""

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

    def entries(self) -> Iterator[Entry]:
        """Each entry in order. Where several have one id, they are to be compared: no digest."""
        for start, end, model_id, digest in self._found:
            is_alone = model_id is not None and self._times[model_id] == 1
            yield Entry(self.text[start:end], model_id, digest if is_alone else None)

    def add(self, start: int, end: int, value: object, id_key: str, salt: bytes) -> None:
        """Add the entry at a place of the text, by its value."""
        model_id = _id_of(value, id_key)
        if model_id is not None:
            self._times[model_id] += 1
        self._found.append((start, end, model_id, _digest(value, salt)))


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
        self._salt = hashlib.blake2b(digests.reader.encode()).digest()

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
            found.add(index, end, value, self._id_key, self._salt)
            index = self._skip(end)
            if text[index] == "]":
                return index + 1
            if text[index] != ",":
                raise _OddError


def _in_order(pairs: list[tuple[str, object]]) -> _Pairs:
    return tuple(sorted(pairs, key=_KEY))


# Numbers as bytes: they are told from strings, and stay as they are written.
_DECODER = json.JSONDecoder(
    parse_float=str.encode,
    parse_int=str.encode,
    parse_constant=str.encode,
    object_pairs_hook=_in_order,
)


def _scan(text: str, index: int) -> tuple[object, int]:
    """The value at a place of the text, and its end."""
    return _DECODER.raw_decode(text, index)


def _id_of(value: object, id_key: str) -> str | None:
    if not isinstance(value, tuple):
        return None
    ids = [each for key, each in value if key == id_key]
    if len(ids) != 1:
        return None
    try:
        return read_id(ids[0])
    except InvalidEntry:
        return None


def _digest(value: object, salt: bytes) -> bytes:
    kept: Any = value
    if isinstance(value, tuple):
        kept = tuple(
            [pair for pair in value if pair[0] not in NOT_READ or isinstance(pair[1], tuple | list)]
        )
    text = marshal.dumps(kept, _FORMAT)
    return hashlib.blake2b(text, digest_size=DIGEST_BYTES, key=salt).digest()
