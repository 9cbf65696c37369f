"""Compares ``docs/schema.md`` with the catalogue, which explains every column."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.docs.schema_page import GROUPS, MARK, PAGE, page, relations


def test_the_page_is_what_make_docs_would_write(database: str) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(relations(database)), "make docs"


def test_every_table_and_view_stands_in_one_group(database: str) -> None:
    grouped = [name for _, _, names in GROUPS for name in names]
    assert sorted(grouped) == sorted(relations(database))


def test_every_column_says_what_it_is(database: str) -> None:
    found = relations(database)
    silent = [
        f"{name}.{column}"
        for name, relation in found.items()
        for column, _, text in relation.columns
        if not text
    ]
    assert silent == []


def test_a_changed_column_is_seen(database: str, connection: psycopg.Connection[DictRow]) -> None:
    connection.execute(
        "alter table pricing_overrides alter forced drop not null;"
        " comment on column pricing_overrides.reason is 'another | <text>'"
    )
    lines = set(page(relations(database)).splitlines()) - set(PAGE.read_text().splitlines())
    assert sorted(line.partition(" | ")[0] for line in lines) == ["| `forced`", "| `reason`"]
    assert any(line.endswith("| another \\| &lt;text> |") for line in lines)


def test_a_table_without_a_group_is_named(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute("create table pricing_other (a integer)")
    with pytest.raises(SystemExit, match="pricing_other"):
        page(relations(database))


def test_what_people_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"By hand.\n\n{MARK}\nold")
    assert page({}, path).startswith(f"By hand.\n\n{MARK}\n\n## {GROUPS[0][0]}")
    path.write_text("By hand.\n")
    with pytest.raises(SystemExit, match="lost the line"):
        page({}, path)
