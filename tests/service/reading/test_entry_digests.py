"""Which entries count as unchanged: those of which nothing that is read has changed."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.errors import ParseError
from service.prices.price_list import PriceList, to_apply_rows
from service.providers.adapter import adapter, adapter_slugs
from service.reading.entry_digests import NOT_READ, EntryDigests
from tests.support.processes import ROOT
from tests.support.provider_shapes import SHAPES

OPENROUTER = adapter("openrouter")
READER = "1.0 openrouter"
ENTRY: dict[str, Any] = {
    "id": "maker/one",
    "name": "One",
    "created": 1,
    "description": "a model",
    "pricing": {"prompt": "0.000001", "completion": "0.000002"},
}
OTHER = {"id": "maker/two", "pricing": {"prompt": "0.000001", "completion": "0.000002"}}


def read(body: str | bytes, known: frozenset[bytes] = frozenset(), reader: str = READER) -> Any:
    text = body.encode() if isinstance(body, str) else body
    return OPENROUTER.parse(text, digests=EntryDigests(reader, known))


def listed(*entries: object, **around: object) -> str:
    return json.dumps({"data": entries} | around)


def known() -> frozenset[bytes]:
    """The digests of both entries."""
    return frozenset(read(listed(ENTRY, OTHER)).digests.values())


@pytest.mark.parametrize(
    "body",
    [
        listed(ENTRY, OTHER),
        json.dumps({"object": "list", "data": [OTHER, ENTRY], "took": 1.5}, indent=2),
        listed(OTHER, dict(reversed(ENTRY.items()))),
        listed(ENTRY | {"created": 2, "description": "another text"}, OTHER),
        listed(ENTRY, OTHER).encode("utf-16"),
    ],
)
def test_nothing_that_is_read_has_changed(body: str | bytes) -> None:
    found = read(body, known())
    assert (set(found.unchanged), found.models) == ({"maker/one", "maker/two"}, ())
    assert set(found.unchanged.values()) == known()


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY | {"name": "Uno"},
        ENTRY | {"pricing": {"prompt": "0.000001", "completion": "0.000003"}},
        # A number is rounded, a string is not.
        ENTRY | {"pricing": {"prompt": 0.000001, "completion": "0.000002"}},
        ENTRY | {"pricing": {**ENTRY["pricing"], "surcharge": "1"}},
        ENTRY | {"architecture": {"output_modalities": ["image"]}},
        ENTRY | {"pricing": []},
        ENTRY | {"pricing": {}},
    ],
)
def test_an_entry_that_changed_is_read(entry: dict[str, Any]) -> None:
    found = read(listed(entry, OTHER), known())
    assert set(found.unchanged) == {"maker/two"}
    assert {m.model_id for m in found.models} | {s.model_id for s in found.skipped} == {"maker/one"}


@pytest.mark.parametrize(
    "body",
    [
        # A key twice: which value counts is unknown.
        listed(ENTRY, OTHER).replace('"prompt"', '"prompt": "9", "prompt"', 1),
        # Two entries with one id must agree.
        listed(ENTRY, ENTRY | {"pricing": {"prompt": "0.5"}}, OTHER),
    ],
)
def test_what_contradicts_itself_is_left_out_as_ever(body: str) -> None:
    found = read(body, known())
    assert set(found.unchanged) == {"maker/two"}
    assert [s.model_id for s in found.skipped] == ["maker/one"]


def test_a_key_that_an_entry_has_twice_lets_all_be_read() -> None:
    """Which of two entries with one id counts may depend on it."""
    twice = listed(ENTRY, OTHER).replace('"name"', '"id": "maker/two", "name"', 1)
    found = read(twice, known())
    assert (found.unchanged, {s.model_id for s in found.skipped}) == ({}, {"entry 1"})


def test_what_is_said_around_the_list_counts_for_every_entry() -> None:
    found = read(listed(ENTRY, OTHER, currency="USD"), known())
    assert found.unchanged == {}
    assert len(found.models) == 2


@pytest.mark.parametrize("reader", ["1.1 openrouter", "1.0 other"])
def test_another_reader_reads_every_entry(reader: str) -> None:
    assert read(listed(ENTRY, OTHER), known(), reader).unchanged == {}


def test_an_entry_that_cannot_be_read_has_no_digest() -> None:
    found = read(listed({"pricing": {}}, "text", ENTRY | {"pricing": {"prompt": "x"}}, OTHER))
    assert {s.model_id for s in found.skipped} == {"entry 1", "entry 2", "maker/one"}
    assert {m.model_id for m in found.models} & set(found.digests) == {"maker/two"}


def test_no_adapter_and_no_rule_reads_the_keys_that_do_not_count() -> None:
    """But for the rule that a description is a text for people."""
    found = {
        (path.name, node.value)
        for folder in ("providers", "reading", "prices")
        for path in (ROOT / "service" / folder).rglob("*.py")
        for node in ast.walk(ast.parse(Path(path).read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and path.name != "entry_digests.py"
        and NOT_READ & set(node.value.split())
        and len(node.value) < 60
    }
    assert found == {("key_words.py", "description free_text freetext")}


@pytest.mark.parametrize("slug", [slug for slug in adapter_slugs() if adapter(slug).by_entry])
def test_an_entry_with_the_same_digest_has_the_same_row(slug: str) -> None:
    """For each adapter: any value of any entry, removed or replaced."""
    parse = adapter(slug).parse
    shape = SHAPES[slug]
    entries = shape.read(shape.body(3))
    whole = _rows(parse, shape.wrap(entries))
    known = frozenset(_parsed(parse, shape.wrap(entries)).digests.values())
    assert len(known) == len(entries)
    left_out = 0
    for changed in _edits(entries):
        body = shape.wrap(changed)
        try:
            now = _rows(parse, body)
        except ParseError:
            with pytest.raises(ParseError):
                _parsed(parse, body, known)
            continue
        found = _parsed(parse, body, known)
        assert {model_id: now.get(model_id) for model_id in found.unchanged} == {
            model_id: whole[model_id] for model_id in found.unchanged
        }
        assert {row["model_id"] for row in to_apply_rows(found, slug, "api")} == (
            now.keys() - found.unchanged.keys()
        )
        left_out += len(found.unchanged)
    assert left_out > 0


def _parsed(parse: Any, body: object, known: frozenset[bytes] = frozenset()) -> PriceList:
    listed: PriceList = parse(json.dumps(body).encode(), digests=EntryDigests(READER, known))
    return listed


def _rows(parse: Any, body: object) -> dict[str, Any]:
    rows = to_apply_rows(parse(json.dumps(body).encode()), "slug", "api")
    return {str(row["model_id"]): row for row in rows}


def _edits(entries: list[Any]) -> Iterator[list[Any]]:
    values: tuple[Any, ...] = (None, "0.5", 7, "free", [], {"price": "1"}, ...)
    for path in _paths(entries[0]):
        for value in values:
            changed = json.loads(json.dumps(entries))
            inner = changed[0]
            for key in path[:-1]:
                inner = inner[key]
            if value is ...:
                del inner[path[-1]]
            else:
                inner[path[-1]] = value
            yield changed


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield (key,)
        if isinstance(each, dict | list):
            yield from ((key, *rest) for rest in _paths(each))
