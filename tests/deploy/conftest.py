"""Fixtures for the tests of ``deploy/``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.image import Image, build_image


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return build_image(tmp_path / "image")
