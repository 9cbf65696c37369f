"""Compare the ledger with this version's files and with the installed engine."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from service import __version__
from service.doctor.check_result import CheckResult, counted, fail, ok, warn
from service.migrations.status import StepStatus

MIGRATIONS, ENGINE = "migrations", "engine"

_ENGINE = "engine:"
_MIGRATE = "pricing-sync migrate"
_INSTALL = f"Install the version of pricing-sync that migrated it; this one is {__version__}."


def was_migrated(steps: Sequence[StepStatus]) -> bool:
    """By any version."""
    return any(step.applied_at is not None for step in steps)


def check_migrations(steps: Sequence[StepStatus]) -> CheckResult:
    """As ``missing_steps``: an old process may use a database that a newer version migrated."""
    if not was_migrated(steps):
        return fail(MIGRATIONS, "the database is not migrated", _MIGRATE)
    ours = [step for step in steps if not step.name.startswith(_ENGINE)]
    newer = [step for step in steps if step.state == "unknown"]
    edited = [step for step in ours if step.state == "changed" and step.name != "db"]
    missing = [step for step in ours if step.state == "pending"]
    if not newer:
        missing += [step for step in ours if step.state == "changed" and step.name == "db"]
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
    if any(step in newer for step in ours):
        return warn(MIGRATIONS, f"a newer version migrated it: {_some(newer)}", _INSTALL)
    return ok(MIGRATIONS, f"at version {__version__}")


def check_engine(steps: Sequence[StepStatus]) -> CheckResult:
    installed = f"procrastinate {version('procrastinate')}"
    engine_steps = [step for step in steps if step.name.startswith(_ENGINE)]
    missing = [step for step in engine_steps if step.state == "pending"]
    unknown = [step for step in engine_steps if step.state == "unknown"]
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
    return ok(ENGINE, f"{installed}, and all of its {len(engine_steps)} steps are applied")


def _some(steps: Sequence[StepStatus]) -> str:
    more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
    return steps[0].name.removeprefix(_ENGINE) + more
