from __future__ import annotations

from typing import Any

import psycopg
import pytest

from service.migrations.migrate import migrate

# Of which the comparison with the release is 17: each is a round trip, and `up` waits for them.
MOST_STATEMENTS = 50


def test_a_current_database_costs_few_statements(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    result = migrate(database)
    assert result.applied == ()
    assert len(sent) <= MOST_STATEMENTS, len(sent)
    assert not any("create table public.pricing_schema_ledger" in each for each in sent)
