"""``connect`` and ``refusals`` turn Postgres's errors into ours, without secrets."""

from __future__ import annotations

import psycopg
import pytest

from service.errors import DatabaseRefused, DatabaseUnavailable, MigrationError, SettingsError
from service.postgres.connect import connect, refusals


def test_connects_under_our_name(empty_database: str) -> None:
    with connect(empty_database, autocommit=True) as connection:
        assert connection.autocommit
        assert connection.execute("show application_name").fetchone() == ("pricing-sync",)
    with connect(empty_database + "?application_name=theirs") as connection:
        assert connection.execute("show application_name").fetchone() == ("theirs",)


def test_no_server_answers() -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        connect("postgresql://somebody:a-secret@127.0.0.1:1/nothing")
    assert "127.0.0.1" in caught.value.message and "a-secret" not in caught.value.message
    assert caught.value.hint and caught.value.__cause__ is None


def test_no_such_database(empty_database: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="does not exist"):
        connect(empty_database + "_nowhere")


@pytest.mark.parametrize("url", ["postgres//a:a-secret@x", "host = 'a-secret", "postgresql://[x"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        connect(url)
    assert "a-secret" not in str(caught.value) + str(caught.value.hint)


def test_refusals(empty_database: str) -> None:
    raised = (
        "do $$ begin raise exception 'no such job' using errcode = 'PT404', hint = 'look'; end $$"
    )
    with connect(empty_database, autocommit=True) as connection:
        with pytest.raises(DatabaseRefused) as caught, refusals():
            connection.execute(raised.encode())
        error = caught.value
        assert (error.code, error.message, error.hint) == ("PT404", "no such job", "look")
        with pytest.raises(MigrationError) as missing, refusals():
            connection.execute("select * from public.pricing_sync_jobs")
        assert missing.value.hint == "Run `pricing-sync migrate`."
        with pytest.raises(DatabaseRefused) as locked, refusals():
            connection.execute("do $$ begin raise lock_not_available; end $$")
        assert locked.value.code == "55P03"
        assert locked.value.hint and "doctor" in locked.value.hint
        named = "do $$ begin raise lock_not_available using message = 'pid 7', hint = 'it'; end $$"
        with pytest.raises(DatabaseRefused, match=r"pid 7\."), refusals():
            connection.execute(named.encode())
        with pytest.raises(psycopg.errors.DivisionByZero), refusals():
            connection.execute("select 1 / 0")
        with pytest.raises(DatabaseUnavailable), refusals():
            connection.execute("select pg_terminate_backend(pg_backend_pid())")
