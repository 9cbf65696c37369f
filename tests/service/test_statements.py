"""The package asks the database for functions and views, never for a table of ours."""

from __future__ import annotations

import re

from tests.support.processes import ROOT

SERVICE = ROOT / "service"
LEDGER = "pricing_schema_ledger"
TABLES = {
    name
    for path in (ROOT / "migrations").glob("*.sql")
    for name in re.findall(r"create table public\.(\w+)", path.read_text())
}
# Matches the places that name a table; the strings of adjacent lines are one statement.
NAMED = re.compile(
    r"\b(?:from|join|into|table)[\s\"']+(?:only\s+)?(?:public\.)?(\w+|\{LEDGER\})", re.IGNORECASE
)
# Recognizes the statements that hints of functions name.
HINTS = "cli/command_hints.py"
# Before `migrate` there is no view, so these modules read the ledger itself: docs/architecture.md.
LEDGER_READERS = {"engine/schema_wait.py", "web/database/readiness.py"}
LEDGER_KEEPERS = "migrations/"
# Its databases are its own, and it fills them.
BENCH = "bench/"
# These modules work where functions and views may be gone, or on tables of another system.
TABLE_KEEPERS = {
    "migrations/adoption/known_prices.py",
    "migrations/adoption/legacy_history.py",
    "migrations/removal/kept_prices.py",
    "migrations/removal/running_processes.py",
    "migrations/repair/lost_values.py",
    "migrations/repair/rebuilt_jobs.py",
    "migrations/repair/reconciled_prices.py",
}


def test_statements_name_functions_and_views() -> None:
    assert {"pricing_settings", "pricing_providers", "pricing_sync_log"} <= TABLES
    read = {
        (path.relative_to(SERVICE).as_posix(), LEDGER if name == "{LEDGER}" else name.lower())
        for path in SERVICE.rglob("*.py")
        if not path.relative_to(SERVICE).as_posix().startswith(BENCH)
        for name in NAMED.findall(path.read_text())
    }
    ledger = {file for file, name in read if name == LEDGER}
    assert {file for file in ledger if not file.startswith(LEDGER_KEEPERS)} == LEDGER_READERS
    of_tables = {file for file, name in read if name in TABLES} - {HINTS}
    assert of_tables == TABLE_KEEPERS
    engine = {(file, name) for file, name in read if name.startswith("procrastinate_")}
    assert engine == set()


def test_a_table_in_a_statement_is_found() -> None:
    for statement in (
        "select slug from public.pricing_providers where enabled",
        "select slug\nfrom pricing_providers",
        '"select slug from"\n    " public.pricing_providers"',
        "INSERT INTO pricing_providers",
    ):
        assert NAMED.findall(statement) == ["pricing_providers"]
