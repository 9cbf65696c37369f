"""What database functions hint at with SQL, the command line says with commands."""

from __future__ import annotations

import re

import pytest

from service.cli.command_hints import FALLBACK, command_hint, has_sql
from tests.support.processes import ROOT, Run

# A hint may be put together from several literals, by format, concat or ||.
HINT = re.compile(r"hint\s*=\s*((?:[^;']|'(?:[^']|'')*')*?)(?=;|,\s*\w+ = |\n\s*end if)")
LITERAL = re.compile(r"'((?:[^']|'')*)'")
# The caller changed a table by hand, or is a worker or pg_cron: no command leads here.
NO_COMMAND = {
    "check_pricing_records",
    "check_api_readers",
    "check_model_pricing",
    "check_pricing_settings",
    "check_pricing_lock",
    "tick_pricing_schedule",
    "cleanup_old_pricing_jobs",
    "clear_model_alias",
}


def hints() -> list[tuple[str, str]]:
    """Every hint of a function, with the function's name; a filled-in name is novita."""
    return [
        (path.stem, literal.replace("''", "'").replace("%L", "'novita'"))
        for path in sorted((ROOT / "db").rglob("*.sql"))
        for hint in HINT.findall(path.read_text())
        for literal in LITERAL.findall(hint)
    ]


def test_no_hint_has_sql_in_it() -> None:
    found = hints()
    assert len(found) > 100
    assert [hint for _, hint in found if has_sql(hint)], "the functions' own hints have"
    for function, hint in found:
        shown = command_hint(hint)
        assert shown is not None and not has_sql(shown), (function, shown)
        assert shown != FALLBACK or function in NO_COMMAND, (function, hint)


def test_every_command_in_a_hint_exists(run: Run) -> None:
    help_text = run("--help").stdout
    named = {
        command
        for _, hint in hints()
        for command in re.findall(r"`pricing-sync ([a-z][a-z-]*)", command_hint(hint) or "")
    }
    assert len(named) > 8
    for command in named:
        assert f"\n  {command} " in help_text, command


@pytest.mark.parametrize(
    "hint",
    ["select 1 from pricing_nothing;", "update pricing_providers set name = 'x'", "f(a => 1)"],
)
def test_sql_that_has_no_command_leads_to_the_help(hint: str) -> None:
    assert command_hint(hint) == FALLBACK


def test_a_refusal_names_a_command(run: Run) -> None:
    ended = run("approve", "987654321")
    assert ended.returncode == 1
    assert "`pricing-sync held`" in ended.stderr
    assert "select" not in ended.stderr
