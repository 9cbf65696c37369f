"""Audit rows: the server's knowledge of a caller stands beside the caller's own claim."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.db.pricing import Pricing, Row
from tests.support.postgres import Cluster

SIGNED = (
    "select who, session_login, acting_role, host(http_client_address) as http, key_name, claims"
)
CANCEL = "select public.cancel_pricing_sync(%s, %s)"
HTTP_CALLER = "select set_config('pricing.http_caller', %s, false)"


def signed(pricing: Pricing) -> Row:
    return pricing.row(f"{SIGNED} from public.pricing_audit_log order by id desc limit 1")


@contextmanager
def login(cluster: Cluster, url: str, *roles: str) -> Iterator[Pricing]:
    """A connection of a login that is a member of these roles."""
    with cluster.login_role(can_create_roles=False) as (user, password):
        for role in roles:
            cluster.execute("grant {} to {}", role, user)
        own = cluster.url_of(url.rpartition("/")[2], user=user, password=password)
        with psycopg.connect(own, autocommit=True, row_factory=dict_row) as connection:
            yield Pricing(connection)


def test_a_forged_signature_is_not_taken(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    forged = json.dumps({"key": "alice", "address": "203.0.113.9"})
    with pricing.as_role("service_role"):
        pricing.do(HTTP_CALLER, forged)
        pricing.do("select set_config('request.jwt.claims', '{\"sub\": \"alice\"}', false)")
        pricing.do(CANCEL, job["job_id"], "api:alice")
    assert signed(pricing) == {
        "who": "api:alice",
        "session_login": "postgres",
        "acting_role": "service_role",
        "http": None,
        "key_name": None,
        "claims": None,
    }
    address = pricing.value("select client_address = inet_client_addr() from pricing_audit_log")
    assert address is True


def test_the_web_process_is_believed(
    pricing: Pricing, shared_database: object, migrated_cluster: Cluster
) -> None:
    first, second = pricing.trigger("openrouter"), pricing.trigger("deepinfra")
    caller = json.dumps({"key": "night shift", "address": "203.0.113.9"})
    with login(migrated_cluster, shared_database.url, "pricing_web") as web:  # type: ignore[attr-defined]
        web.do(HTTP_CALLER, caller)
        web.do(CANCEL, first["job_id"], "night shift")
        row = signed(pricing)
        assert (row["key_name"], row["http"]) == ("night shift", "203.0.113.9")
        assert (row["session_login"], row["acting_role"]) == (web.value("select user"), None)
    # An invalid address only leaves the address empty.
    with pricing.as_role("pricing_web"):
        pricing.do(HTTP_CALLER, '{"key": "x", "address": "no address"}')
        pricing.do(CANCEL, second["job_id"], "api:x")
    row = signed(pricing)
    assert (row["key_name"], row["http"], row["acting_role"]) == ("x", None, "pricing_web")


@pytest.mark.parametrize("roles", [("pricing_web", "service_role"), ("pricing_worker",)])
def test_a_login_that_is_more_or_other_is_not(
    pricing: Pricing, shared_database: object, migrated_cluster: Cluster, roles: tuple[str, ...]
) -> None:
    pricing.do("grant execute on function public.cancel_pricing_sync to pricing_worker")
    try:
        job = pricing.trigger("openrouter")
        with login(migrated_cluster, shared_database.url, *roles) as other:  # type: ignore[attr-defined]
            other.do(HTTP_CALLER, '{"key": "alice", "address": "203.0.113.9"}')
            other.do(CANCEL, job["job_id"], "api:alice")
    finally:
        pricing.do("revoke execute on function public.cancel_pricing_sync from pricing_worker")
    row = signed(pricing)
    assert (row["who"], row["key_name"], row["http"]) == ("api:alice", None, None)


LARGE = {"sub": "u" * 500, "role": "authenticated", "app_metadata": {"x": "y" * 5000}}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ('{"sub": "u1", "role": "authenticated"}', {"sub": "u1", "role": "authenticated"}),
        (json.dumps(LARGE), {"sub": "u" * 200, "role": "authenticated"}),
        ("", None),
        ("no json", None),
        ('["a list"]', None),
        ('{"sub": "\\u0000"}', None),
        ("[" * 100_000, None),
    ],
    ids=["claims", "large", "none", "malformed", "list", "nul", "deep"],
)
def test_claims_of_postgrest(pricing: Pricing, said: str, kept: Row | None) -> None:
    job = pricing.trigger("openrouter")
    pricing.do("update public.pricing_settings set postgrest_login = session_user")
    with pricing.connection.transaction():
        pricing.do("select set_config('request.jwt.claims', %s, true)", said)
        pricing.do("select set_config('request.headers', '{\"apikey\": \"secret\"}', true)")
        pricing.do(CANCEL, job["job_id"], "somebody")
    assert signed(pricing)["claims"] == kept


def test_what_is_written_into_these_columns_is_overwritten(pricing: Pricing) -> None:
    pricing.do(
        "insert into public.pricing_audit_log (who, action, subject, session_login, acting_role,"
        " key_name, http_client_address, claims)"
        " values ('x', 'x', 'x', 'somebody', 'pricing_web', 'alice', '203.0.113.9', '{}')"
    )
    row = signed(pricing)
    assert row["session_login"] == "postgres"
    assert {row[name] for name in ("acting_role", "http", "key_name", "claims")} == {None}


def test_a_restored_row_keeps_what_was_known_then(pricing: Pricing) -> None:
    """COPY fires triggers; with the present identity the rows would name who restored them."""
    columns = "(id, at, who, action, subject, session_login, key_name) overriding system value"
    pricing.do(
        f"insert into public.pricing_audit_log {columns} values"
        " (1000001, now() - interval '5 seconds', 'api:a', 'x', 'x', 'web_login', 'a'),"
        " (1000002, now() - interval '1 day', 'before 0.4', 'x', 'x', null, null)"
    )
    rows = pricing.rows("select who, session_login, key_name from pricing_audit_log order by id")
    assert [tuple(row.values()) for row in rows] == [
        ("api:a", "web_login", "a"),
        ("before 0.4", None, None),
    ]


def test_a_job_is_signed_too(pricing: Pricing) -> None:
    """Whatever its triggered_by says, also when it was deferred as a queue row."""
    job = pricing.trigger("openrouter", role="service_role", triggered_by="alice")
    assert (job["session_login"], job["acting_role"]) == (
        pricing.connection.info.user,
        "service_role",
    )
    with pricing.as_role("pricing_worker"):
        pricing.do(
            "insert into procrastinate.procrastinate_jobs (queue_name, task_name, args)"
            " values ('pricing', 'sync_provider', '{\"provider\": \"deepinfra\"}')"
        )
    deferred = pricing.row(
        "select * from public.pricing_sync_jobs order by triggered_at desc limit 1"
    )
    assert (deferred["session_login"], deferred["acting_role"]) == (
        pricing.connection.info.user,
        "pricing_worker",
    )
