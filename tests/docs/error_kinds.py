"""Collect from the code every error kind that it can write into ``pricing_sync_log``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from service.errors import SyncError
from service.fetch.http_rules import TransientFetchError
from tests.docs.blocks import ROOT

# The position of the kind among the arguments of each call.
_SQL_CALLS = {
    "log_ended_attempt": 3,
    "end_provider_sync": 3,
    "requeue_provider_sync": 3,
    "stop_provider_sync": 1,
}
_PYTHON_CALLS = {"_fail": 3, "end_attempt": 3}

_WORD = re.compile(r"'([a-z_]+)'")
# Kinds outside of these calls: a default, and the detail of a refusal.
_ELSEWHERE = re.compile(r"v_kind := coalesce\(v_kind, '([a-z_]+)'\)|'error_kind', '([a-z_]+)'")


# In the view of what is stuck: the word after an action, or in a case.
_OF_STUCK = re.compile(r"'(?:cancelled|failed|requeued)', '([a-z_]+)'|(?:then|else) '([a-z_]+)'")
_ACTIONS = {"failed", "requeued", "reconciled"}


def error_kinds() -> set[str]:
    return {*_sql_kinds(), *_kinds_of_stuck(), *_python_kinds(), *_default_kinds(SyncError)}


def _kinds_of_stuck() -> set[str]:
    text = (ROOT / "db" / "views" / "pricing_sync_expiry.sql").read_text()
    words = {word for found in _OF_STUCK.finditer(text) for word in found.groups() if word}
    return words - _ACTIONS


def _sql_kinds() -> Iterator[str]:
    for file in sorted((ROOT / "db" / "functions").rglob("*.sql")):
        text = re.sub(r"--[^\n]*", "", file.read_text())
        # Calls are looked for in the body only: the signature and the comment name types.
        body = text.partition("as $$")[2]
        for found in _ELSEWHERE.finditer(body):
            yield from filter(None, found.groups())
        for name, position in _SQL_CALLS.items():
            for call in re.finditer(rf"public\.{name}\(", body):
                yield from _WORD.findall(_arguments(body[call.end() :])[position])


def _arguments(text: str) -> list[str]:
    """The arguments of a call; ``text`` begins after its opening parenthesis."""
    arguments, depth, quoted = [""], 0, False
    for character in text:
        quoted ^= character == "'"
        if not quoted:
            if character == ")" and depth == 0:
                return arguments
            depth += (character == "(") - (character == ")")
            if character == "," and depth == 0:
                arguments.append("")
                continue
        arguments[-1] += character
    raise AssertionError(f"a call without an end: {text[:60]}")


def _python_kinds() -> Iterator[str]:
    for file in sorted((ROOT / "service").rglob("*.py")):
        source = file.read_text()
        if not re.search(r"\b(FetchError|ParseError|SyncError|end_attempt)\b", source):
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call):
                yield from _kinds_of(node, file)


def _kinds_of(call: ast.Call, file: Path) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    # The code of a DatabaseRefused is an SQLSTATE, which is never logged.
    is_error = name != "DatabaseRefused"
    given = [keyword.value for keyword in call.keywords if is_error and keyword.arg == "code"]
    if name in _PYTHON_CALLS:
        given.append(call.args[_PYTHON_CALLS[name]])
    for argument in given:
        for node in ast.walk(argument):
            if isinstance(node, ast.Constant):
                assert isinstance(node.value, str), file
                yield node.value


def _default_kinds(error: type[SyncError]) -> Iterator[str]:
    assert issubclass(TransientFetchError, SyncError), "imported to be among the subclasses"
    yield error.code
    for narrower in error.__subclasses__():
        yield from _default_kinds(narrower)
