"""``supabase db lint`` finds nothing in our schemas, with and without pg_cron."""

from __future__ import annotations

import os

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

# Supabase's linter asks this extension about functions that are no triggers; here triggers are
# checked too.
_FINDINGS = """
select p.proname, c.lineno, c.level, c.message, c.detail
from (
    select p.oid, p.proname, coalesce(t.tgrelid, 0) as relation
    from pg_proc p
    join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
    left join lateral (
        select t.tgrelid
        from pg_trigger t
        where t.tgfoid = p.oid
            -- It cannot see transition tables.
            and not exists (
                select
                from pg_trigger o
                where o.tgfoid = p.oid and coalesce(o.tgoldtable, o.tgnewtable) is not null
            )
    ) as t on p.prorettype = 'trigger'::regtype
    where p.pronamespace in ('public'::regnamespace, 'procrastinate'::regnamespace)
        and (p.prorettype <> 'trigger'::regtype or t.tgrelid is not null)
        -- The extension's own.
        and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
) as p
cross join lateral plpgsql_check_function_tb(p.oid, p.relation) as c
where c.level in ('error', 'warning')
order by 1, 2
"""


# Their meaning depends on the caller's standard_conforming_strings.
_BACKSLASHES = """
select p.proname
from pg_proc p
where p.pronamespace = 'public'::regnamespace and position(chr(92) in p.prosrc) > 0
"""


# A handler for all errors would also swallow a serialization failure or a deadlock, which only the
# caller can handle, by retrying the whole transaction.
_SWALLOWING = r"""
select p.proname
from pg_proc p
where p.pronamespace = 'public'::regnamespace
    and regexp_count(p.prosrc, '\mothers then')
        <> regexp_count(p.prosrc, '\mtransaction_rollback then\s+raise;')
"""


def findings(url: str) -> list[DictRow]:
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        there = "select from pg_available_extensions where name = 'plpgsql_check'"
        if connection.execute(there).fetchone() is None:
            reason = "plpgsql_check cannot be had on this Postgres"
            if os.environ.get("PRICING_TEST_REQUIRE_PLPGSQL_CHECK") == "1":
                pytest.fail(reason)
            pytest.skip(reason)
        connection.execute("create extension plpgsql_check")
        try:
            return connection.execute(_FINDINGS.encode()).fetchall()
        finally:
            connection.execute("drop extension plpgsql_check")


def test_without_pg_cron(database: str) -> None:
    assert findings(database) == []


def test_with_pg_cron(cron_database: str) -> None:
    assert findings(cron_database) == []


def test_no_backslash(connection: psycopg.Connection[DictRow]) -> None:
    assert connection.execute(_BACKSLASHES.encode()).fetchall() == []


def test_no_function_swallows_a_serialization_failure(
    connection: psycopg.Connection[DictRow],
) -> None:
    assert connection.execute(_SWALLOWING.encode()).fetchall() == []
