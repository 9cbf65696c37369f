"""A transaction that acts as PostgREST does, behind a transaction-mode pooler."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import make_conninfo

from tests.docs.runbook import section_blocks, statements

PAGE, SECTION = "docs/supabase.md", "Roles and poolers"


def test_the_page_s_transaction_leaves_no_role_behind(database: str, pooler: int) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("update pricing_settings set api_readers = '{authenticated}'")
    (block,) = section_blocks(SECTION, PAGE)
    url = make_conninfo(database, port=pooler)
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as client:
        who = client.execute("select current_user").fetchone()
        for statement in statements(block.text):
            client.execute(statement.encode())
        assert client.execute("select current_user").fetchone() == who
