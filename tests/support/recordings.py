"""Find recorded bodies of providers, in a folder outside of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

RECORDINGS = Path(
    os.environ.get("PRICING_TEST_RECORDINGS")
    or Path(__file__).resolve().parents[3] / "shared" / "payloads"
)
REASON = f"no recorded bodies in {RECORDINGS}"


def recordings(*patterns: str) -> list[Path]:
    """The recordings that match these patterns; if none, one name for the test to report."""
    found = [path for pattern in patterns for path in sorted(RECORDINGS.glob(pattern))]
    return found or [RECORDINGS / pattern for pattern in patterns[:1]]


needs_recordings = pytest.mark.usefixtures("recorded_bodies")


def require_recordings() -> None:
    """Skip the test if there are none; fail it with PRICING_TEST_REQUIRE_RECORDINGS=1."""
    if not RECORDINGS.is_dir():
        if os.environ.get("PRICING_TEST_REQUIRE_RECORDINGS") == "1":
            pytest.fail(REASON)
        pytest.skip(REASON)
