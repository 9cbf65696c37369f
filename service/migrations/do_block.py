"""Text of one ``do`` statement, with safe quoting."""

from __future__ import annotations

from collections.abc import Iterable

from service.errors import MigrationError
from service.migrations.schema import SqlFile
from service.postgres.sqlstates import CONFLICT, INVALID

# What our blocks say no with: psql shows it, the runner makes its own errors of it.
REFUSED = CONFLICT

# And with this, to a database that we can never be brought to.
UNFIT = INVALID


def do_block(body: str) -> str:
    """A ``do`` statement; the body is declarations and ``begin ... end``."""
    tag = "$pricing_part$"
    if tag in body:
        raise MigrationError(f"{tag} must not occur in any SQL file.")
    return f"do {tag}\n{body.strip()}\n{tag};\n"


def quote(value: str) -> str:
    """A short literal."""
    return "'" + value.replace("'", "''") + "'"


def text_array(values: Iterable[str]) -> str:
    """A text[] of expressions."""
    return "array[" + ", ".join(values) + "]::text[]"


def file_literal(file: SqlFile) -> str:
    """The file as a literal. Its path in front is what error messages show as the query."""
    tag = "$pricing_text$"
    if tag in file.text:
        raise MigrationError(f"{tag} must not occur in {file.path}.")
    return f"{tag}-- {file.path}\n{file.text}{tag}"
