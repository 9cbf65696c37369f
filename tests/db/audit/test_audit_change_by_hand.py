"""Audit rows of changes made to keys, rules, overrides, jobs or locks without the functions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.db.pricing import Pricing, price

KEY = "select public.create_pricing_api_key('ops')"
RULE = "select public.accept_price_changes('openrouter', 20, now() + interval '1 day', 'announced')"
OVERRIDE = (
    "select public.set_price_override('openrouter', 'm', input_per_1m => 0.4, reason => 'agreed')"
)


def audited(pricing: Pricing) -> list[tuple[Any, ...]]:
    rows = pricing.rows("select who, action, subject from public.pricing_audit_log order by id")
    return [tuple(row.values()) for row in rows]


@pytest.fixture
def people(pricing: Pricing) -> Pricing:
    """A model whose price can be overridden, with no decision yet."""
    pricing.sync("openrouter", [price()])
    return pricing


def test_a_change_by_hand(people: Pricing) -> None:
    for statement in (KEY, RULE, OVERRIDE):
        people.do(statement)
    assert len(audited(people)) == 3
    people.do("update public.pricing_api_keys set role = 'read', key_digest = sha256('x')")
    people.do("update public.pricing_change_rules set up_to_ratio = 1000")
    people.do("delete from public.pricing_change_rules")
    people.do("update public.pricing_overrides set reason = 'other', expires_at = '2999-01-01'")
    people.do("delete from public.pricing_api_keys")
    people.do("truncate public.pricing_change_rules")
    rule = people.value(
        "select subject from pricing_audit_log where action = 'accept_price_changes'"
    )
    override = people.value("select id::text from public.pricing_overrides")
    assert audited(people)[3:] == [
        ("postgres", "update_pricing_api_keys", "ops"),
        ("postgres", "update_pricing_change_rules", rule),
        ("postgres", "delete_pricing_change_rules", rule),
        ("postgres", "update_pricing_overrides", override),
        ("postgres", "delete_pricing_api_keys", "ops"),
        ("postgres", "truncate_pricing_change_rules", "pricing_change_rules"),
    ]
    details = people.value(
        "select details from pricing_audit_log where action = 'update_pricing_api_keys'"
    )
    assert details == {
        "before": {"role": "admin"},
        "after": {"role": "read"},
        "secret": "replaced",
    }
    override_details = people.value(
        "select details from pricing_audit_log where action = 'update_pricing_overrides'"
    )
    assert override_details["before"] == {"reason": "agreed", "expires_at": None}
    digest = "update|delete"
    assert "key_digest" not in str(
        people.rows("select details from pricing_audit_log where action ~ %s", digest)
    )


def test_the_functions_leave_one_row_each(people: Pricing) -> None:
    calls = {
        KEY: "create_api_key",
        "select public.rotate_pricing_api_key('ops', grace => '1 day')": "rotate_api_key",
        "select public.revoke_pricing_api_key('ops')": "revoke_api_key",
        RULE: "accept_price_changes",
        "select public.end_price_change_rule(max(id)) from public.pricing_change_rules": (
            "end_price_change_rule"
        ),
        OVERRIDE: "set_price_override",
        "select public.clear_price_override('openrouter', 'm')": "clear_price_override",
    }
    for call in calls:
        people.do(call)
    assert [action for _, action, _ in audited(people)] == list(calls.values())
    # An expiry, or the mere use of a key, is not a person's decision.
    key = people.value("select public.create_pricing_api_key('other')")
    people.do("select public.touch_pricing_api_key(%s)", key.split("_")[1])
    people.do(OVERRIDE)
    with people.connection.transaction():
        people.do("set local session_replication_role = replica")
        people.do("update public.pricing_overrides set expires_at = now() where ended_at is null")
    assert people.value("select public.end_expired_overrides()") == 1
    assert len(audited(people)) == len(calls) + 2


def test_a_restore_of_what_is_over_is_no_decision(people: Pricing) -> None:
    people.do(
        "insert into public.pricing_change_rules (provider_slug, up_to_ratio, reason, created_by,"
        " created_at, expires_at)"
        " values ('openrouter', 2, 'x', 'x', now() - interval '1 hour', now())"
    )
    assert audited(people) == []
    people.do(
        "insert into public.pricing_api_keys (key_id, name, key_digest, created_by)"
        " values ('0123456789ab', 'mine', sha256('x'), 'x')"
    )
    assert audited(people) == [("postgres", "insert_pricing_api_keys", "mine")]


def test_a_job_ended_or_deleted_by_hand(pricing: Pricing) -> None:
    first, second = pricing.trigger("openrouter"), pricing.trigger("openrouter")
    pricing.do(
        "update public.pricing_sync_jobs set status = 'failed' where job_id = %s", first["job_id"]
    )
    pricing.do("select public.cancel_pricing_sync(%s, 'x')", second["job_id"])
    pricing.do("delete from public.pricing_sync_jobs where job_id = %s", first["job_id"])
    assert audited(pricing) == [
        ("postgres", "stop_pricing_job", str(first["job_id"])),
        ("x", "cancel_pricing_sync", str(second["job_id"])),
        ("postgres", "delete_pricing_sync_jobs", str(first["job_id"])),
    ]
    with pricing.connection.transaction():
        pricing.do("set local session_replication_role = replica")
        pricing.do("update public.pricing_sync_jobs set completed_at = now() - interval '1 year'")
    assert pricing.value("select public.cleanup_old_pricing_jobs()") == 1
    assert len(audited(pricing)) == 3, "the retention is nobody's decision"


@pytest.mark.parametrize("lock", ["pricing_sync:openrouter", "pricing_sync_global"])
def test_a_released_lock(pricing: Pricing, lock: str) -> None:
    attempt = pricing.start("openrouter")
    pricing.do("delete from public.pricing_sync_lock where lock_key = %s", lock)
    row = pricing.row("select who, action, subject, details from public.pricing_audit_log")
    assert row == {
        "who": "postgres",
        "action": "release_pricing_lock",
        "subject": lock,
        "details": {"released": [{"job_id": attempt.job_id, "provider": "openrouter"}]},
    }


@pytest.mark.parametrize("created_at", ["now()", "now() - interval '2 minutes'"])
def test_what_is_in_force_is_audited_whenever_it_says_that_it_was_made(
    people: Pricing, created_at: str
) -> None:
    people.do(
        "insert into public.pricing_api_keys"
        " (key_id, name, key_digest, role, created_by, created_at)"
        f" values ('0123456789ab', 'planted', sha256('x'), 'admin', 'me', {created_at})"
    )
    people.do(
        "insert into public.pricing_change_rules"
        " (provider_slug, up_to_ratio, reason, created_by, created_at, expires_at)"
        f" values ('openrouter', 50, 'x', 'me', {created_at}, now() + interval '1 day')"
    )
    found = people.rows("select action, session_login from public.pricing_audit_log")
    assert sorted(found, key=str) == [
        {"action": f"insert_{table}", "session_login": people.connection.info.user}
        for table in ("pricing_api_keys", "pricing_change_rules")
    ]
