"""Write this version's dump and its entry in ``migrations/versions.json`` (``make release``)."""

from __future__ import annotations

import argparse
import json
import sys

from service import __version__
from service.migrations.export import release_entry
from service.migrations.schema_files import default_roots
from tests.releases.dump import dump, path_of, write_dump
from tests.releases.sample import sample_database


def main() -> None:
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("--force", action="store_true", help="make it anew")
    arguments = parser.parse_args()
    path = path_of(__version__)
    if path.exists() and not arguments.force:
        sys.exit(
            f"{__version__} has its dump, {path.name}. There may be databases of that version, and"
            " their upgrade is tested with it: raise the version in service/__init__.py first."
            " Only while it is not published: make release ARGS=--force"
        )
    # The entry first: it reads every file, and fails on an odd one before anything is written.
    entry = release_entry()
    with sample_database() as url:
        text = dump(url)
    size = write_dump(__version__, text)
    versions = default_roots().migrations / "versions.json"
    listed = json.loads(versions.read_text(encoding="utf-8")) if versions.exists() else {}
    listed[__version__] = entry
    versions.write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")
    print(f"{path.name}: {size / 1024:,.0f} KiB; {versions.name}: {len(listed)}")


if __name__ == "__main__":
    main()
