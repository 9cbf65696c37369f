"""Parse amounts, times and names as people type them."""

from __future__ import annotations

import getpass
import json
import os
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import typer

DURATION = re.compile(r"([0-9]{1,4})([mhdw])", re.ASCII)
SPAN = re.compile(r"([0-9]{1,6})([smhdw])", re.ASCII)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# What parse_time takes.
TIME_HELP = "2026-11-27T12:00Z, or 2026-11-27 for 00:00 UTC at the beginning of that day."
EXPIRY_HELP = f"30d from now, or {TIME_HELP}"
SINCE_HELP = "today (from 00:00 UTC), a time such as 2h or 7d ago, or 2026-11-27T12:00Z."
# No exponents, because a typing error would be charged.
AMOUNT = re.compile(r"[0-9]{1,30}(?:\.[0-9]{1,30})?", re.ASCII)


def parse_amount(text: str) -> Decimal:
    """A number from 0 up, such as 2.5; typer.BadParameter for anything else."""
    if not AMOUNT.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is not a number such as 2.5.")
    return Decimal(text)


def parse_prices(texts: list[str]) -> dict[str, Decimal]:
    """NAME=AMOUNT pairs; typer.BadParameter for anything else."""
    prices = {}
    for text in texts:
        name, equals, amount = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text!r} is not NAME=AMOUNT, as cache_read_per_1m=0.3.")
        if name in prices:
            raise typer.BadParameter(f"{name} is given twice.")
        prices[name] = parse_amount(amount)
    return prices


def parse_condition(text: str) -> dict[str, Any]:
    """A JSON object with its numbers as written; typer.BadParameter for anything else."""
    try:
        # The database has no NaN and no halves of surrogate pairs: neither can be written here.
        found = json.loads(text, parse_float=str, parse_constant=Decimal)
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise typer.BadParameter(
            f'{text!r} is not a JSON object such as {{"service_tier": "batch", "input_per_1m": 1}}.'
        )
    return found


def parse_time(text: str) -> datetime:
    """A day, which begins at midnight UTC, or a time, in UTC unless it has an offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a time such as 2026-11-27 or 2026-11-27T12:00Z."
        ) from None
    try:
        return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
    except OverflowError:
        raise typer.BadParameter(f"{text!r} is not within the years 1 to 9999 in UTC.") from None


def parse_duration(text: str) -> timedelta:
    """0, or a number with its unit, such as 30m, 24h, 90d or 2w."""
    found = DURATION.fullmatch(text)
    if found is None and text != "0":
        raise typer.BadParameter(f"{text!r} is not a time such as 30m, 24h or 90d.")
    return timedelta(**{UNITS[found[2]]: int(found[1])}) if found else timedelta(0)


def parse_span(text: str) -> timedelta:
    """A number of seconds, minutes, hours, days or weeks: 90s, 10m, 6h."""
    found = SPAN.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a time such as 90s, 10m or 6h.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def parse_expiry(text: str) -> datetime:
    """When something ends: a duration from now, or a time."""
    return (
        datetime.now(UTC) + parse_duration(text) if DURATION.fullmatch(text) else parse_time(text)
    )


def parse_since(text: str) -> datetime:
    """Since when: ``today``, a duration before now, or a time."""
    now = datetime.now(UTC)
    if text == "today":
        return now.replace(hour=0, minute=0, second=0, microsecond=0)
    return now - parse_duration(text) if DURATION.fullmatch(text) else parse_time(text)


def caller_name() -> str:
    """``cli:<user>``: the operator as jobs, history and the audit log name them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"
    # LOGNAME may be any bytes; the database keeps 200 characters of UTF-8.
    readable = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return f"cli:{readable}"[:200]
