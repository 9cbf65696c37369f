"""Text of one ``do`` statement, with safe quoting."""

from __future__ import annotations

from collections.abc import Iterable

from service.errors import MigrationError
from service.migrations.schema import SqlFile
from service.postgres.sqlstates import CONFLICT, INVALID

# SQLSTATE of a step that refuses: psql shows it, ``failure`` turns it into an error of ours.
REFUSED = CONFLICT

# SQLSTATE for a database in which this version can never be installed.
UNFIT = INVALID


def do_block(body: str) -> str:
    """A ``do`` statement; the body has declarations and ``begin ... end``."""
    tag = "$pricing_part$"
    if tag in body:
        raise MigrationError(f"{tag} must not occur in any SQL file.")
    return f"do {tag}\n{body.strip()}\n{tag};\n"


def quote(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("'", "''") + "'"


def text_array(values: Iterable[str]) -> str:
    """A text[] of expressions."""
    return "array[" + ", ".join(values) + "]::text[]"


def file_literal(file: SqlFile) -> str:
    """The file as a literal, headed by its path, which Postgres quotes in error messages."""
    tag = "$pricing_text$"
    if tag in file.text:
        raise MigrationError(f"{tag} must not occur in {file.path}.")
    return f"{tag}-- {file.path}\n{file.text}{tag}"
