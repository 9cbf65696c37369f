"""The database's schema against this version's files, the engine's against the installed one."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from service import __version__
from service.doctor.check_result import CheckResult, counted, fail, ok, warn
from service.migrations.runner import PartStatus

MIGRATIONS, ENGINE = "migrations", "engine"

_ENGINE = "engine:"
_MIGRATE = "pricing-sync migrate"
_INSTALL = f"Install the version of pricing-sync that migrated it; this one is {__version__}."


def was_migrated(parts: Sequence[PartStatus]) -> bool:
    """By whatever version."""
    return any(part.applied_at is not None for part in parts)


def check_migrations(parts: Sequence[PartStatus]) -> CheckResult:
    """By the rule of ``missing_parts``: beside a newer version's database old processes go on."""
    if not was_migrated(parts):
        return fail(MIGRATIONS, "the database is not migrated", _MIGRATE)
    ours = [part for part in parts if not part.name.startswith(_ENGINE)]
    newer = [part for part in parts if part.state == "unknown"]
    edited = [part for part in ours if part.state == "changed" and part.name != "db"]
    missing = [part for part in ours if part.state == "pending"]
    if not newer:
        missing += [part for part in ours if part.state == "changed" and part.name == "db"]
    if edited:
        return fail(
            MIGRATIONS,
            f"{_some(edited)} was applied with another text than this version has",
            f"pip install --force-reinstall pricing-sync=={__version__}  # or undo the edit",
        )
    if missing and newer:
        return fail(
            MIGRATIONS,
            f"{_some(missing)} is missing, and {_some(newer)} is not known here",
            _INSTALL,
        )
    if missing:
        return fail(MIGRATIONS, f"{_some(missing)} is not what version {__version__} has", _MIGRATE)
    if any(part in newer for part in ours):
        return warn(MIGRATIONS, f"a newer version migrated it: {_some(newer)}", _INSTALL)
    return ok(MIGRATIONS, f"at version {__version__}")


def check_engine(parts: Sequence[PartStatus]) -> CheckResult:
    installed = f"procrastinate {version('procrastinate')}"
    steps = [part for part in parts if part.name.startswith(_ENGINE)]
    missing = [part for part in steps if part.state == "pending"]
    unknown = [part for part in steps if part.state == "unknown"]
    if missing:
        return fail(
            ENGINE,
            f"{installed} needs {counted(len(missing), 'step')} that the database lacks:"
            f" {_some(missing)}",
            _MIGRATE,
        )
    if unknown:
        return warn(
            ENGINE, f"the database is at a newer step than {installed}: {_some(unknown)}", _INSTALL
        )
    return ok(ENGINE, f"{installed}, and all of its {len(steps)} steps are applied")


def _some(parts: Sequence[PartStatus]) -> str:
    more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
    return parts[0].name.removeprefix(_ENGINE) + more
