"""Fixtures of migrations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service.migrations.trees import Tree, small_tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A small tree of migrations/ and db/ that the test may change."""
    return small_tree(tmp_path / "tree")
