"""The result of one check of the doctor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from service.errors import PricingError
from service.terminal.output import shown_age

MOST_NAMES = 5

State = Literal["ok", "warn", "fail", "skipped"]


@dataclass(frozen=True)
class CheckResult:
    """``found``: one sentence. ``advice``: the command or SQL to run, where one is needed."""

    check: str
    state: State
    found: str
    advice: str | None = None


def ok(check: str, found: str) -> CheckResult:
    return CheckResult(check, "ok", found)


def warn(check: str, found: str, advice: str) -> CheckResult:
    """Syncs run, but not as well as they could, or not for long."""
    return CheckResult(check, "warn", found, advice)


def fail(check: str, found: str, advice: str) -> CheckResult:
    """Prices are not synced until the operator acts."""
    return CheckResult(check, "fail", found, advice)


def failed(check: str, error: PricingError, advice: str = "pricing-sync config") -> CheckResult:
    return CheckResult(check, "fail", error.message, error.hint or advice)


def not_checked(check: str) -> CheckResult:
    return CheckResult(check, "skipped", "not checked")


def age(seconds: float) -> str:
    return shown_age(timedelta(seconds=seconds))


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """At most MOST_NAMES of them, so that the line stays readable."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more
