"""Owners and rights: ``db/access.sql`` and ``db/engine.sql``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.db.pricing import Pricing, refused

ROOT = Path(__file__).parents[2]
ACCESS = (ROOT / "db" / "access.sql").read_text()
RIGHTS = (ROOT / "db" / "views" / "pricing_rights.sql").read_text()
FUNCTIONS = sorted(path.stem for path in (ROOT / "db" / "functions").rglob("*.sql"))
VIEWS = sorted(path.stem for path in (ROOT / "db" / "views").glob("*.sql"))
TABLES = sorted(
    name
    for path in (ROOT / "migrations").glob("*.sql")
    for name in re.findall(r"create table public\.(\w+)", path.read_text())
)
OUTSIDERS = ("public", "anon", "authenticated")
ROLES = (*OUTSIDERS, "service_role", "pricing_web", "pricing_worker")
EVERY_RIGHT = "select, insert, update, delete, truncate, references, trigger"

# Functions that roles besides the owner may execute.
CALLERS = {
    "trigger_pricing_sync": {"pricing_web", "service_role"},
    "cancel_pricing_sync": {"pricing_web", "service_role"},
    "retry_pricing_sync": {"pricing_web", "service_role"},
    "cleanup_stuck_pricing_syncs": {"pricing_web", "pricing_worker", "service_role"},
    "cleanup_expired_pricing_locks": {"pricing_web", "pricing_worker", "service_role"},
    "cleanup_old_pricing_jobs": {"pricing_worker", "service_role"},
    "enqueue_due_pricing_syncs": {"pricing_worker", "service_role"},
    "tick_pricing_schedule": {"pricing_worker", "service_role"},
    "beat_pricing_worker": {"pricing_worker"},
    "prune_pricing_workers": {"pricing_worker"},
    "fetch_queue_row": {"pricing_worker"},
    "fetch_queue_rows": {"pricing_worker"},
    "return_queue_rows": {"pricing_worker"},
    "get_provider_sync": {"pricing_worker"},
    "pricing_unchanged_digests": {"pricing_worker"},
    "apply_provider_list": {"pricing_worker"},
    "apply_provider_prices": {"pricing_worker"},
    "end_provider_sync": {"pricing_worker"},
    "give_up_sync": {"pricing_worker"},
    "pricing_table_holders": {"pricing_worker"},
    "pricing_locked_syncs": {"pricing_worker"},
    "running_sync_locks": {"pricing_web", "service_role"},
    "pricing_metrics": {"pricing_web", "service_role"},
    "pricing_duration_buckets": {"pricing_web", "service_role"},
    "pricing_error_kinds": {"pricing_web", "service_role"},
    "pricing_workers_alive": {"pricing_web", "service_role"},
    "pricing_api_key": {"pricing_web"},
    "pricing_has_admin_key": {"pricing_web"},
    "touch_pricing_api_key": {"pricing_web"},
    "pricing_scheduler_status": {"pricing_web", "service_role"},
    "pricing_sync_estimate": {"pricing_web", "service_role"},
    "capped_expiry": {"pricing_web", "service_role"},
    "pricing_axes": {"pricing_web", "service_role"},
    "pricing_price_set": {"pricing_web", "service_role"},
    "pricing_price_state": {"pricing_web", "service_role"},
    "pricing_prices_in_force": {"pricing_web", "service_role"},
    "pricing_prices_of": {"pricing_web", "service_role"},
    "price_conditions": {"pricing_web", "service_role"},
    "price_history": {"pricing_web", "service_role"},
    "pricing_amounts": {"pricing_web", "service_role"},
    "pricing_set_amounts": {"pricing_web", "service_role"},
    "pricing_set_of": {"pricing_web", "service_role"},
    "pricing_condition_amount": {"pricing_web", "service_role"},
    "pricing_price_moves": {"pricing_web", "service_role"},
    "approve_held_price_change": {"pricing_web", "service_role"},
    "approve_held_price_changes": {"pricing_web", "service_role"},
    "reject_held_price_change": {"pricing_web", "service_role"},
    "reject_held_price_changes": {"pricing_web", "service_role"},
    "reopen_held_price_change": {"pricing_web", "service_role"},
    "reopen_held_price_changes": {"pricing_web", "service_role"},
    "preview_held_price_changes": {"pricing_web", "service_role"},
    "preview_price_change_rule": {"pricing_web", "service_role"},
    "preview_price_override": {"pricing_web", "service_role"},
    "preview_pricing_rollback": {"pricing_web", "service_role"},
    "pricing_set_moves": {"pricing_web", "service_role"},
    "pricing_waiting_summary": {"pricing_web", "service_role", "pricing_worker"},
    "pricing_next_sync": {"pricing_web", "service_role", "pricing_worker"},
    "accept_price_changes": {"pricing_web", "service_role"},
    "end_price_change_rule": {"pricing_web", "service_role"},
    "accept_shorter_list": {"pricing_web", "service_role"},
    "accept_first_list": {"pricing_web", "service_role"},
    "update_pricing_provider": {"pricing_web", "service_role"},
    "known_pricing_workers": {"pricing_web", "service_role"},
    "set_price_override": {"pricing_web", "service_role"},
    "clear_price_override": {"pricing_web", "service_role"},
    "rollback_pricing_sync": {"pricing_web", "service_role"},
    "set_model_alias": {"pricing_web", "service_role"},
    "clear_model_alias": {"pricing_web", "service_role"},
    "model_price_at": {"pricing_web", "service_role"},
    "price_request": {"pricing_web", "service_role"},
    "pricing_moment": {"pricing_web", "service_role"},
    "pricing_effective_set": {"pricing_web", "service_role"},
    "pricing_announcements": {"pricing_web", "service_role"},
    "pricing_set_in_force": {"pricing_web", "service_role"},
    "pricing_unconfirmed": {"pricing_web", "service_role"},
    "pricing_condition_holds": {"pricing_web", "service_role"},
    "pricing_usage": {"pricing_web", "service_role"},
    "read_usage": {"pricing_web", "service_role"},
    "pricing_credential_variables": {"pricing_worker"},
    "report_pricing_credentials": {"pricing_worker"},
}
READS_ONLY = {"pricing_web", "service_role"}
WORKER_READS = {"pricing_settings", "pricing_worker_settings", "pricing_schema_ledger"}
OWNER_READS = {
    # Each caller may see only its own keys.
    "pricing_idempotency_keys",
    # No role may list keys, not even as digests.
    "pricing_api_keys",
    "pricing_keys",
    "pricing_given_up_syncs",
    "pricing_locks",
    "pricing_listed_models",
    "pricing_miscounted_models",
    "pricing_listed_entries",
    "pricing_sync_expiry",
    "pricing_worker_heartbeats",
}


def test_what_is_there_is_what_the_files_say(pricing: Pricing) -> None:
    relations = pricing.rows(
        "select relname from pg_class where relnamespace = 'public'::regnamespace"
        " and relkind in ('r', 'v', 'm', 'p', 'f') order by relname"
    )
    assert [r["relname"] for r in relations] == sorted([*TABLES, *VIEWS, "pricing_schema_ledger"])
    functions = pricing.rows(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace order by proname"
    )
    assert [f["proname"] for f in functions] == FUNCTIONS


def test_every_object_has_its_rights() -> None:
    known = set(re.findall(r"'(\w+)'", RIGHTS))
    assert {*FUNCTIONS, *VIEWS, *TABLES} - known == set(), "db/views/pricing_rights.sql"


def test_every_table_has_row_level_security_that_is_not_forced(pricing: Pricing) -> None:
    tables = pricing.rows(
        "select relname, relrowsecurity, relforcerowsecurity from pg_class"
        " where relnamespace = 'public'::regnamespace and relkind = 'r'"
    )
    assert {(t["relrowsecurity"], t["relforcerowsecurity"]) for t in tables} == {(True, False)}


def test_every_view_reads_with_the_rights_of_its_reader(pricing: Pricing) -> None:
    for view in VIEWS:
        options = pricing.value(
            "select reloptions from pg_class where oid = %s::regclass", f"public.{view}"
        )
        assert options == ["security_invoker=true"], view


def test_rights_on_tables_and_views(pricing: Pricing) -> None:
    relations = {*TABLES, *VIEWS, "pricing_schema_ledger"}
    readers = {relation: READS_ONLY for relation in relations - OWNER_READS}
    for relation in WORKER_READS:
        readers[relation] = readers.get(relation, set()) | {"pricing_worker"}
    rights = pricing.rows(
        "select c.relname, r.role, has_table_privilege(r.role, c.oid, 'select') as reads,"
        " has_table_privilege(r.role, c.oid, 'insert, update, delete, truncate, references,"
        " trigger') or has_any_column_privilege(r.role, c.oid, 'insert, update, references')"
        " as changes from pg_class c cross join unnest(%s::text[]) as r(role)"
        " where c.relnamespace = 'public'::regnamespace and c.relname = any (%s)",
        [*ROLES],
        [*relations],
    )
    assert {(row["relname"], row["role"]) for row in rights if row["reads"]} == {
        (relation, role) for relation, roles in readers.items() for role in roles
    }
    assert [row for row in rights if row["changes"]] == []


def test_readers_see_rows_through_row_level_security(pricing: Pricing) -> None:
    providers = pricing.value("select count(*) from public.pricing_providers")
    for role in READS_ONLY:
        with pricing.as_role(role):
            assert pricing.value("select count(*) from public.pricing_providers") == providers > 0
    with pricing.as_role("pricing_worker"):
        assert pricing.value("select count(*) from public.pricing_settings") == 1
        assert pricing.value("select count(*) from public.pricing_worker_settings") == 1
        assert pricing.value("select count(*) from public.pricing_schema_ledger") > 0


def test_rights_on_functions(pricing: Pricing) -> None:
    rows = pricing.rows(
        "select proname, proowner::regrole::text as owner, prosecdef, provolatile, proconfig,"
        " pg_get_function_sqlbody(p.oid) is not null as is_expression,"
        " array(select role from unnest(%s::text[]) as r(role)"
        " where has_function_privilege(role, p.oid, 'execute')) as callers"
        " from pg_proc p where pronamespace = 'public'::regnamespace and proname = any (%s)",
        [*ROLES],
        FUNCTIONS,
    )
    assert [row["proname"] for row in rows if row["owner"] != "pricing_owner"] == []
    assert {row["proname"]: {*row["callers"]} for row in rows if row["callers"]} == CALLERS
    # Where the path does not name pg_temp, it is searched first for types and relations.
    path = "search_path=pg_catalog, pg_temp"
    # The names in an expression were looked up when it was made.
    assert [
        row["proname"]
        for row in rows
        if path not in (row["proconfig"] or [])
        and not (row["is_expression"] and not row["prosecdef"])
    ] == []
    invokers = [row for row in rows if not row["prosecdef"]]
    assert {row["provolatile"] for row in invokers} <= {"s", "i"}, "an invoker only reads"


def test_everything_belongs_to_the_owner_who_cannot_log_in(pricing: Pricing) -> None:
    strangers = pricing.rows(
        "select relname as name from pg_class where relnamespace in ('public'::regnamespace,"
        " 'procrastinate'::regnamespace) and relowner <> 'pricing_owner'::regrole"
        " union all select proname from pg_proc where pronamespace in ('public'::regnamespace,"
        " 'procrastinate'::regnamespace) and proowner <> 'pricing_owner'::regrole"
        " union all select typname from pg_type where typnamespace in ('public'::regnamespace,"
        " 'procrastinate'::regnamespace) and typowner <> 'pricing_owner'::regrole"
        " union all select nspname from pg_namespace where nspname = 'procrastinate'"
        " and nspowner <> 'pricing_owner'::regrole"
    )
    assert strangers == []
    roles = pricing.rows(
        "select rolcanlogin, rolsuper, rolcreaterole, rolbypassrls from pg_roles"
        " where rolname in ('pricing_owner', 'pricing_web', 'pricing_worker')"
    )
    assert [set(role.values()) for role in roles] == [{False}] * 3


def test_only_the_worker_s_role_may_use_the_engine(pricing: Pricing) -> None:
    for role in ROLES:
        is_worker = role == "pricing_worker"
        assert (
            pricing.value("select has_schema_privilege(%s, 'procrastinate', 'usage')", role)
            is is_worker
        )
        rights = pricing.rows(
            "select distinct has_table_privilege(%s, oid, 'select') and has_table_privilege(%s,"
            " oid, 'insert') and has_table_privilege(%s, oid, 'update') and"
            " has_table_privilege(%s, oid, 'delete') as has_all, has_table_privilege(%s, oid, %s)"
            " as has_any from pg_class where relnamespace = 'procrastinate'::regnamespace"
            " and relkind = 'r'",
            *[role] * 5,
            EVERY_RIGHT,
        )
        assert rights == [{"has_all": is_worker, "has_any": is_worker}], role
        functions = pricing.rows(
            "select distinct has_function_privilege(%s, oid, 'execute') as may from pg_proc"
            " where pronamespace = 'procrastinate'::regnamespace",
            role,
        )
        assert functions == [{"may": is_worker}], role


def test_every_engine_function_finds_its_tables(pricing: Pricing) -> None:
    configurations = pricing.rows(
        "select distinct proconfig from pg_proc where pronamespace = 'procrastinate'::regnamespace"
    )
    assert configurations == [{"proconfig": ["search_path=procrastinate, pg_temp"]}]


def test_the_web_role_can_read_and_trigger_and_no_more(pricing: Pricing) -> None:
    pricing.trigger(role="pricing_web")
    attempt = pricing.fetch()
    assert attempt is not None
    with pricing.as_role("pricing_web"):
        for relation in {*TABLES, *VIEWS} - OWNER_READS:
            pricing.rows(f"select * from public.{relation}")
    for statement in (
        "update public.pricing_sync_jobs set status = 'failed'",
        "delete from public.pricing_providers",
        "insert into public.model_pricing (provider_slug, model_id, pricing_source)"
        " values ('x', 'x', 'x')",
        "select * from procrastinate.procrastinate_jobs",
        "select * from public.pricing_sync_expiry",
        "select * from public.pricing_worker_heartbeats",
        "select * from public.pricing_api_keys",
        "select public.apply_provider_prices(1, 1, '[]')",
        "select public.end_provider_sync(1, 1, 'failed')",
        "select public.cleanup_old_pricing_jobs()",
        "select public.enqueue_due_pricing_syncs()",
        "select public.tick_pricing_schedule('worker')",
        "select public.defer_provider_syncs(gen_random_uuid(), '{openrouter}')",
        "select public.project_pricing_job(gen_random_uuid())",
    ):
        with pricing.nothing_written(), refused("42501"), pricing.as_role("pricing_web"):
            pricing.do(statement)


def test_the_worker_role_can_work_and_no_more(pricing: Pricing) -> None:
    attempt = pricing.start()
    pricing.succeed(attempt)
    with pricing.as_role("pricing_worker"):
        pricing.do("select * from public.cleanup_stuck_pricing_syncs()")
        pricing.do("select public.cleanup_expired_pricing_locks()")
        pricing.do("select public.cleanup_old_pricing_jobs()")
        pricing.do("select public.tick_pricing_schedule('worker')")
        pricing.do("select lease from public.pricing_settings")
    for statement in (
        "select * from public.model_pricing",
        "select * from public.pricing_api_keys",
        "select public.trigger_pricing_sync()",
        "update public.pricing_settings set max_attempts = 9",
        "update public.pricing_sync_log set status = 'success'",
        "select public.create_pricing_api_key('mine')",
        "create table procrastinate.mine ()",
        "truncate procrastinate.procrastinate_jobs",
    ):
        with pricing.nothing_written(), refused("42501"), pricing.as_role("pricing_worker"):
            pricing.do(statement)


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_api_roles_can_do_nothing(pricing: Pricing, role: str) -> None:
    for statement in (
        *(f"select * from public.{relation}" for relation in [*TABLES, *VIEWS]),
        "select public.trigger_pricing_sync()",
        "select public.pricing_workers_alive()",
        "select * from public.running_sync_locks()",
        "select procrastinate.procrastinate_register_worker_v1()",
    ):
        with pricing.nothing_written(), refused("42501"), pricing.as_role(role):
            pricing.do(statement)


def test_the_service_role_can_trigger_and_read(pricing: Pricing) -> None:
    pricing.trigger("openrouter", role="service_role")
    pricing.fetch()
    with pricing.as_role("service_role"):
        assert len(pricing.rows("select * from public.pricing_sync_lock")) == 2
        assert pricing.value("select public.pricing_scheduler_status()")["workers"] == 1
    with refused("42501"), pricing.as_role("service_role"):
        pricing.do("select * from public.pricing_api_keys")


def test_no_definer_is_fooled_by_the_caller_s_search_path(pricing: Pricing) -> None:
    with pricing.connection.transaction(force_rollback=True):
        pricing.do("create temp table pricing_providers (slug text, adapter text, enabled boolean)")
        pricing.do("create schema mine")
        pricing.do(
            "create function mine.jsonb_object_keys(jsonb) returns setof text"
            " language sql as $$ select 'mine' $$"
        )
        pricing.do("grant usage on schema mine to public")
        pricing.do("set search_path = mine, pg_temp, public, pg_catalog")
        assert pricing.trigger()["providers_total"] == 3


def test_tables_of_the_operator_s_own_are_left_alone(own_database: Pricing) -> None:
    pricing = own_database
    pricing.do("create table public.pricing_plans (plan text)")
    pricing.do("grant select on public.pricing_plans to anon")
    pricing.connection.execute(ACCESS.encode())

    row = pricing.row(
        "select relowner::regrole::text as owner, relrowsecurity from pg_class"
        " where relname = 'pricing_plans'"
    )
    assert row == {"owner": "postgres", "relrowsecurity": False}
    assert pricing.value("select has_table_privilege('anon', 'public.pricing_plans', 'select')")


def test_rights_given_by_default_are_taken_away(own_database: Pricing) -> None:
    pricing = own_database
    pricing.do("grant all on all tables in schema public to anon, authenticated, service_role")
    pricing.do("grant all on all tables in schema procrastinate to anon, service_role")
    pricing.do("grant all on all functions in schema public to public, anon")
    pricing.do("alter table public.model_pricing disable row level security")
    pricing.connection.execute(ACCESS.encode())

    test_rights_on_tables_and_views(pricing)
    test_every_table_has_row_level_security_that_is_not_forced(pricing)
    test_only_the_worker_s_role_may_use_the_engine(pricing)
    test_rights_on_functions(pricing)


def test_everything_says_what_it_is(pricing: Pricing) -> None:
    silent = pricing.rows(
        "select relname as name from pg_class where relnamespace = 'public'::regnamespace"
        " and relkind in ('r', 'v') and obj_description(oid, 'pg_class') is null"
        " union all select proname from pg_proc where pronamespace = 'public'::regnamespace"
        " and obj_description(oid, 'pg_proc') is null"
        " union all select typname from pg_type where typname in"
        " ('pricing_change', 'pricing_prices', 'pricing_usd')"
        " and obj_description(oid, 'pg_type') is null"
    )
    assert silent == []


def test_every_number_says_its_unit(pricing: Pricing) -> None:
    units = r"(_ms|_seconds|_percent|_per_1m|_interval|_price)$|^(price_)?per_"
    silent = pricing.rows(
        "select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')"
        " and a.attnum > 0 and not a.attisdropped and a.attname ~ %s"
        " and col_description(c.oid, a.attnum) is null",
        units,
    )
    assert silent == []
