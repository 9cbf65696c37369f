"""Print an error on stderr: a line and a hint for people, one line of JSON under ``--json``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import suppress

from service.cli.command_hints import command_hint
from service.errors import DatabaseRefused, PricingError
from service.postgres import sqlstates
from service.printable import printable

# The codes of the HTTP API for the same refusals.
CODES = {
    sqlstates.NOT_FOUND: "not_found",
    sqlstates.CONFLICT: "conflict",
    sqlstates.INVALID: "bad_input",
    sqlstates.REJECTED: "rejected",
    **dict.fromkeys(sqlstates.UNSTORABLE_TEXT, "bad_input"),
    sqlstates.INSUFFICIENT_PRIVILEGE: "not_permitted",
    sqlstates.LOCK_TIMEOUT: "locked",
    **dict.fromkeys((sqlstates.SERIALIZATION_FAILURE, sqlstates.DEADLOCK), "locked"),
    sqlstates.QUERY_CANCELED: "database_unavailable",
    sqlstates.READ_ONLY_TRANSACTION: "database_unavailable",
}


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether ``--json`` is among the options; what follows ``--`` are no options."""
    options = list(arguments)
    return "--json" in (options[: options.index("--")] if "--" in options else options)


def print_error(error: PricingError, *, as_json: bool) -> None:
    """``{"error": {"code", "message", "hint"}}`` is the last line of stderr under ``--json``."""
    # Hints of database functions name statements.
    hint = command_hint(error.hint) if isinstance(error, DatabaseRefused) else error.hint
    with suppress(OSError):
        if as_json:
            code = CODES.get(error.code, error.code)
            document = {"error": {"code": code, "message": error.message, "hint": hint}}
            print(json.dumps(document), file=sys.stderr)
            return
        print(f"error: {printable(error.message)}", file=sys.stderr)
        if hint:
            # It may be a statement of several lines.
            lines = (printable(line) for line in hint.split("\n"))
            print("hint: " + "\n".join(lines), file=sys.stderr)
