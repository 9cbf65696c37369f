"""Compares ``docs/providers.md`` with the adapters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.prices.units import Unit
from service.providers.adapter import adapter, adapter_slugs
from tests.docs.provider_table import COLUMNS, MARK, PAGE, UNITS, page, table


def test_the_page_is_what_make_docs_would_write() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make docs"


def test_what_people_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"By hand.\n\n{MARK}\nold")
    assert page(path) == f"By hand.\n\n{MARK}\n\n{table()}"
    path.write_text("By hand.\n")
    with pytest.raises(SystemExit, match="lost the line"):
        page(path)


def test_each_provider_has_one_row_with_everything() -> None:
    header, _, *rows = table().splitlines()
    assert header == f"| {' | '.join(COLUMNS)} |"
    for row, provider in zip(rows, map(adapter, adapter_slugs()), strict=True):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == len(COLUMNS)
        assert f"`{provider.slug}`" in cells[0]
        assert provider.base_url + provider.path in cells[1]
        assert (provider.credential_variable or "none") in cells[2]
        assert all(f"`{key}`" in cells[3] for key in provider.price_keys)
        assert ("catalogue" in cells[3]) == (not provider.price_api)
        assert provider.evidence.value in cells[4]
        assert ("waits" in cells[4]) == (provider.price_api and not provider.evidence.was_seen)
        assert cells[5], f"{provider.slug} has no note"


def test_every_unit_has_words() -> None:
    assert set(UNITS) == set(Unit)
    assert len(set(UNITS.values())) == len(UNITS)
