"""Audit rows of changes to a provider's address, credential and other settings."""

from __future__ import annotations

import json

import psycopg
from psycopg import sql

from tests.db.price_decisions import call, held, prices, said
from tests.db.pricing import Pricing, price
from tests.support.postgres import Cluster

AUDIT = "select who, action, subject, details from public.pricing_audit_log order by id"
# Syncs and the schedule write these; only people write the other columns.
MACHINE = {
    *("state", "next_sync_at", "next_allowed_at", "last_success_at", "last_changed_at"),
    *("consecutive_failures", "etag", "etag_parser", "content_digest", "unknown_keys"),
    *("created_at", "accepted_list_at", "accepted_list_models", "accepted_list_prices_gone"),
    "last_list_at",
}


def test_what_changed_was_and_now(pricing: Pricing) -> None:
    pricing.do(
        "update public.pricing_providers set base_url = 'https://evil.example',"
        " credential_variable = 'GROQ_API_KEY', adapter = 'groq', etag = 'x'"
        " where slug = 'openrouter'"
    )
    (row,) = pricing.rows(AUDIT)
    assert row == {
        "who": pricing.value("select session_user::text"),
        "action": "change_provider",
        "subject": "openrouter",
        "details": {
            "adapter": {"was": "openrouter", "now": "groq"},
            "base_url": {"was": "https://openrouter.ai", "now": "https://evil.example"},
            "credential_variable": {"was": None, "now": "GROQ_API_KEY"},
        },
    }


def test_each_column_that_a_person_sets_and_no_other(pricing: Pricing) -> None:
    columns = pricing.rows(
        "select attname as name, atttypid::regtype::text as type from pg_attribute"
        " where attrelid = 'public.pricing_providers'::regclass and attnum > 0 and not attisdropped"
    )
    others = {
        "slug": "'renamed'",
        "boolean": "not {}",
        "interval": "{} + interval '1 minute'",
        "numeric": "{} / 2 + 0.07",
        "text": "coalesce({}, 'https://') || 'X'",
    }
    assert {column["name"] for column in columns} > MACHINE
    for column in columns:
        name, kind = column["name"], column["type"]
        other = others.get(name) or others.get(kind)
        with pricing.connection.transaction(force_rollback=True):
            pricing.do("set local session_replication_role = origin")
            if name in MACHINE:
                others_of_machine = {"state": "'failing'", "unknown_keys": "'{x}'"}
                other = (
                    others_of_machine.get(name)
                    or {
                        "timestamp with time zone": "now() + interval '1 hour'",
                        "integer": "7",
                        "boolean": "true",
                        "text": "'x'",
                    }[kind]
                )
            assert other is not None, name
            pricing.do(
                f"update public.pricing_providers set {name} = {other.replace('{}', name)}"
                " where slug = 'groq'"
            )
            rows = pricing.rows(AUDIT)
            assert len(rows) == (name not in MACHINE), name
            if rows:
                assert rows[0]["subject"] == "groq" and set(rows[0]["details"]) == {name}


def test_a_provider_that_is_added_and_removed(pricing: Pricing) -> None:
    pricing.do(
        "insert into public.pricing_providers (slug, name, adapter, base_url)"
        " values ('evil', 'Evil', 'openrouter', 'https://evil.example')"
    )
    pricing.do("delete from public.pricing_providers where slug = 'evil'")
    added, removed = pricing.rows(AUDIT)
    assert (added["action"], removed["action"]) == ("add_provider", "remove_provider")
    assert added["details"]["base_url"] == {"was": None, "now": "https://evil.example"}
    assert removed["details"]["base_url"] == {"was": "https://evil.example", "now": None}


def test_a_sync_and_the_schedule_leave_none(pricing: Pricing) -> None:
    pricing.end(pricing.start("openrouter"), "failed", "timeout", "late")
    pricing.sync("openrouter", [price("m")])
    pricing.rows("select public.enqueue_due_pricing_syncs()")
    assert pricing.rows(AUDIT) == []


def test_each_role_that_may_write_leaves_it_and_is_named(
    pricing: Pricing, migrated_cluster: Cluster
) -> None:
    database = pricing.connection.info.dbname
    with migrated_cluster.login_role(can_create_roles=False) as (user, password):
        role = sql.Identifier(user)
        table = "public.pricing_providers"
        pricing.connection.execute(
            sql.SQL("grant select, insert, update on public.pricing_providers to {}").format(role)
        )
        pricing.connection.execute(
            sql.SQL(
                "create policy operators on public.pricing_providers to {}"
                " using (true) with check (true)"
            ).format(role)
        )
        url = migrated_cluster.url_of(database, user=user, password=password)
        with psycopg.connect(url, autocommit=True) as operator:
            operator.execute(f"update {table} set name = 'Mine' where slug = 'groq'")
            # Columns that syncs write count as changed by hand when no function of ours writes
            # them.
            operator.execute(
                f"update {table} set next_sync_at = 'infinity', accepted_list_at = now()"
                " where slug = 'groq'"
            )
            operator.execute("set pricing.first_list_decided = 'on'")
            operator.execute(f"update {table} set review_first = true where slug = 'groq'")
            operator.execute(f"update {table} set review_first = false where slug = 'groq'")
            # Only a role that could restore a dump may pass for a restore.
            operator.execute(
                f"insert into {table} (slug, name, created_at) values ('o', 'O', 'epoch')"
            )
        pricing.do(f"drop policy operators on {table}")
        pricing.connection.execute(sql.SQL("drop owned by {}").format(role))
    assert [(row["who"], row["action"]) for row in pricing.rows(AUDIT)] == [
        *[(user, "change_provider")] * 4,
        (user, "add_provider"),
    ]


def test_a_first_list_that_was_approved_is_no_change_by_hand(pricing: Pricing) -> None:
    review = "update public.pricing_providers set review_first = true where slug = 'openrouter'"
    pricing.do(review)
    said(pricing, {"m": prices()})
    held_id = held(pricing, "m", prices(1, 2), **{"class": "first_list"})
    with pricing.connection.transaction():
        call(pricing, "approve_held_price_change", id=held_id, approved_by="ann")
        # A second change by hand in the same transaction.
        pricing.do(review)
    actions = [row["action"] for row in pricing.rows(AUDIT)]
    assert actions == [
        *("change_provider", "end_first_review", "approve_held_price_change", "change_provider")
    ]


def test_rows_of_a_dump_are_restored_without(pricing: Pricing) -> None:
    """In the order of a dump: the log first, whose ids its sequence has not reached yet."""
    kept = pricing.rows("select to_jsonb(p) as row from public.pricing_providers p")
    pricing.do("update public.pricing_providers set enabled = not enabled")
    entries = pricing.rows("select * from public.pricing_audit_log order by id")
    assert len(entries) == len(kept)
    pricing.do("set session_replication_role = replica")
    pricing.do("delete from public.pricing_providers; delete from public.pricing_audit_log")
    pricing.do("reset session_replication_role")
    pricing.do(
        "insert into public.pricing_audit_log overriding system value"
        " select 1 + row_number() over (), now(), 'w', 'a', 's', '{}' from generate_series(1, 30)"
    )
    pricing.do("alter table public.pricing_audit_log alter id restart with 2")
    for each in kept:
        pricing.do(
            "insert into public.pricing_providers"
            " select * from jsonb_populate_record(null::public.pricing_providers, %s)",
            json.dumps(each["row"]),
        )
    assert pricing.value("select count(*) from public.pricing_providers") == len(kept)
