"""Checks that the places named in ``docs/architecture.md`` and ``docs/glossary.md`` exist."""

from __future__ import annotations

import re

from tests.docs.blocks import ROOT

PAGE = ROOT / "docs" / "architecture.md"
GLOSSARY = ROOT / "docs" / "glossary.md"
# `path` or `path::name`.
PLACE = re.compile(r"`([\w-]+(?:/[\w.-]+)*/[\w-]+\.\w+)(?:::(\w+))?`")
ASKED = ("the unit of a provider", "the fence", "a late worker", "a factor of ten", "the 429")


def where() -> dict[str, str]:
    """Read the table "Where is ...": each thing and its places."""
    section = PAGE.read_text().split("\n## Where is ...\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:2] == "| "]
    return dict(rows[2:])


def test_the_table_answers_what_strangers_ask() -> None:
    rows = where()
    assert len(rows) >= 15
    for question in ASKED:
        assert any(question in thing for thing in rows), question
    assert [thing for thing, places in rows.items() if not PLACE.search(places)] == []


def test_every_place_is_there() -> None:
    for path, name in PLACE.findall(PAGE.read_text()):
        file = ROOT / path
        assert file.is_file(), path
        assert not name or re.search(rf"\b{name}\b", file.read_text()), (path, name)


def test_what_the_page_calls_by_name_is_in_the_code() -> None:
    files = [
        path
        for folder in ("db", "migrations", "service")
        for path in (ROOT / folder).rglob("*.[ps]*")
    ]
    code = "".join(path.read_text() for path in files if path.suffix in (".py", ".sql"))
    known = set(re.findall(r"\w+", code))
    # Only the glossary's last column: another one has the words of other systems.
    places = "".join(line.rpartition(" | ")[2] for line in GLOSSARY.read_text().splitlines())
    assert set(re.findall(r"`(\w+_\w+)`", PAGE.read_text() + places)) - known == set()


def test_a_new_axis_has_the_list_of_all_places() -> None:
    """Each file that writes the axes out is named, by its path or as the object that it makes."""
    section = PAGE.read_text().split("\n## A new axis\n", 1)[1].split("\n## ", 1)[0]
    last = "price_per_video_second", "per_video_second", "VIDEO_SECOND"
    files = [*(ROOT / "db").rglob("*.sql"), *(ROOT / "service").rglob("*.py")]
    writes = [file for file in files if any(name in file.read_text() for name in last)]
    assert len(writes) > 15
    forgotten = [
        file
        for file in writes
        if f"`{file.stem}`" not in section and f"`{file.relative_to(ROOT)}`" not in section
    ]
    assert forgotten == []


def test_every_term_has_one_row_and_its_places_are_there() -> None:
    lines = [line for line in GLOSSARY.read_text().splitlines() if line[:2] == "| "]
    rows = [line.strip("| ").split(" | ") for line in lines]
    terms = [term for term, *_ in rows if term not in ("term", "---")]
    assert len(set(terms)) == len(terms)
    for _, meaning, _, places in rows:
        assert meaning
        for place in re.findall(r"`([\w-]+/[\w./-]*)`", places):
            assert (ROOT / place).exists(), place
