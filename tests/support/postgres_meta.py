"""postgres-meta, by which Studio lists a database and ``supabase gen types`` makes its types."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

FILES = Path(__file__).resolve().parents[1] / "docs" / "postgres_meta"
SERVER = "node_modules/@supabase/postgres-meta/dist/server/server.js"


def listings(url: str) -> dict[str, list[dict[str, Any]]]:
    """Everything that it lists, by kind."""
    found: dict[str, list[dict[str, Any]]] = json.loads(_node("list.mjs", url))
    return found


def typescript(url: str) -> str:
    """The types that ``supabase gen types typescript --schema public`` prints."""
    return _node(
        SERVER,
        PG_META_DB_URL=url,
        PG_META_GENERATE_TYPES="typescript",
        PG_META_GENERATE_TYPES_INCLUDED_SCHEMAS="public",
    )


def _node(*arguments: str, **variables: str) -> str:
    return subprocess.run(
        ["node", *arguments],
        cwd=_installed(),
        env={**os.environ, **variables},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    ).stdout


@cache
def _installed() -> Path:
    """The directory with the locked packages, kept between runs; without npm the test skips."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        reason = "postgres-meta comes from npm, which is not installed"
        if os.environ.get("PRICING_TEST_REQUIRE_NPM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    lock = (FILES / "package-lock.json").read_bytes()
    place = Path(tempfile.gettempdir()) / f"pricing-sync-postgres-meta-{sha256(lock).hexdigest()}"
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=place.parent) as name:
            made = Path(name) / "made"
            shutil.copytree(FILES, made)
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                cwd=made,
                check=True,
                timeout=600,
            )
            try:
                made.rename(place)
            except OSError:
                # Another run was first.
                assert place.exists()
    shutil.copy(FILES / "list.mjs", place)
    return place
