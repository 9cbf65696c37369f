"""Write rows as CSV (RFC 4180), in which no cell is a formula.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@``. Such texts get an
apostrophe in front, also the ids of models that begin so; numbers are left as they are.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from service.prices.units import plain

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")


def csv_line(cells: Iterable[object]) -> str:
    """One line with its end; null is an empty cell."""
    line = io.StringIO()
    csv.writer(line).writerow([_cell(each) for each in cells])
    return line.getvalue()


def csv_row(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    return csv_line(row[name] for name in columns)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text
