"""What each released version applied, which must not change, and what its dump may contain."""

from __future__ import annotations

import json

from service import __version__
from service.migrations.schema import ReleaseEntry
from service.migrations.schema_files import default_roots, read_schema
from tests.releases.dump import path_of, read_dump, versions


def _listed() -> dict[str, ReleaseEntry]:
    path = default_roots().migrations / "versions.json"
    listed: dict[str, ReleaseEntry] = json.loads(path.read_text(encoding="utf-8"))
    return listed


def test_a_released_migration_is_never_edited() -> None:
    now = {file.name.removeprefix("migrations/"): file.digest for file in read_schema().migrations}
    for version, entry in _listed().items():
        edited = [name for name, digest in entry["migrations"].items() if now.get(name) != digest]
        # Before it is published: make release ARGS=--force.
        assert not edited, f"{version} has them with another text: undo it, and write a new one"


def test_every_version_has_its_dump() -> None:
    assert set(_listed()) == set(versions())


def test_the_dump_of_this_version_was_made_of_this_db() -> None:
    """Otherwise later upgrades would be tested from a version that never existed."""
    # Before it is published: make release ARGS=--force. After: raise the version first.
    assert read_schema().db_digest in read_dump(__version__)


def test_a_dump_holds_nothing_of_the_engines_schema_and_of_no_machine() -> None:
    for version in versions():
        text = read_dump(version)
        # It grows with db/: 28 kB in 0.1.0, 152 in 0.10.0.
        assert path_of(version).stat().st_size < 200_000
        for foreign in (
            "CREATE TABLE procrastinate.",
            "CREATE FUNCTION procrastinate.",
            "CREATE TYPE procrastinate.",
            "TRIGGER procrastinate_",
            "INDEX procrastinate_",
            "\n\\",
            "://127.",
        ):
            assert foreign not in text, f"{version}: {foreign}"
