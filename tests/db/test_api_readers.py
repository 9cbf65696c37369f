"""``pricing_settings.api_readers``: what the roles of Supabase's Data API may read, and no more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.db.price_decisions import held, prices
from tests.db.pricing import Pricing, price, refused
from tests.db.test_access import ACCESS, FUNCTIONS, TABLES, VIEWS

READABLE = {"model_prices", "model_price_conditions", "pricing_history"}
CALLED = {"model_price_at", "price_request", "price_conditions", "price_history"}
# They read no table; the views and functions above call them.
PURE = {
    "pricing_axes",
    "pricing_condition_amount",
    "pricing_condition_holds",
    "pricing_effective_set",
    "pricing_moment",
    "pricing_price_moves",
    "pricing_price_set",
    "pricing_price_state",
    "pricing_usage",
    "read_usage",
}
# Columns of tables that the views read, each of which they show, or say the same of.
COLUMNS = {
    "pricing_held_changes": {"model_id", "status"},
    "pricing_overrides": {"model_id", "created_at", "ended_at"},
    "pricing_providers": {"slug", "last_success_at"},
}
HIDDEN = {
    "model_pricing": {"extra", "synced", "listed_by", "missing_count", "first_seen_at"},
    "model_pricing_history": {"raw", "extra", "observed_at"},
}
READS = (
    *(f"select * from public.{view}" for view in sorted(READABLE)),
    "select * from public.price_request('openrouter', 'm', '{\"input_tokens\": 1000}')",
    "select * from public.model_price_at('openrouter', 'm')",
    "select h.price from public.model_prices p cross join public.price_history(p) h",
    "select c.position from public.model_prices p cross join public.price_conditions(p) c",
)
TIERS = [{"min_prompt_tokens": 200_000, "price_per_input_token": "0.000006"}]


def let(pricing: Pricing, *roles: str) -> None:
    pricing.do("update public.pricing_settings set api_readers = %s", list(roles))


@pytest.fixture
def opened(own_database: Pricing) -> Pricing:
    """A database with a price, a held change and an override; ``anon`` may read its prices."""
    pricing = own_database
    pricing.sync("openrouter", [price(conditions=TIERS), price("odd", None, None), price("n")])
    held(pricing, "m", prices(100, 2), ratio=100)
    pricing.do("select set_price_override('openrouter', 'n', input_per_1m => 2, reason => 'x')")
    let(pricing, "anon")
    return pricing


def test_they_read_what_the_web_process_reads(opened: Pricing) -> None:
    for statement in READS:
        # In one transaction, because model_prices has the age of a price.
        with opened.connection.transaction():
            with opened.as_role("pricing_web"):
                expected = sorted(opened.rows(statement), key=repr)
            with opened.as_role("anon"):
                assert sorted(opened.rows(statement), key=repr) == expected, statement
        assert expected, statement
        with opened.nothing_written(), refused("42501"), opened.as_role("authenticated"):
            opened.rows(statement)


def test_they_read_no_other_column_and_call_no_other_function(opened: Pricing) -> None:
    for relation in {*TABLES, *VIEWS} - READABLE:
        with opened.nothing_written(), refused("42501"), opened.as_role("anon"):
            opened.rows(f"select * from public.{relation}")
    readable: dict[str, set[str]] = {}
    for row in opened.rows(
        "select c.relname, a.attname, has_column_privilege('anon', c.oid, a.attnum,"
        " 'insert, update, references') as changes"
        " from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
        " where c.relnamespace in ('public'::regnamespace, 'procrastinate'::regnamespace)"
        " and not a.attisdropped and has_column_privilege('anon', c.oid, a.attnum, 'select')"
    ):
        assert not row["changes"]
        readable.setdefault(row["relname"], set()).add(row["attname"])
    for view in READABLE:
        del readable[view]
    for table, hidden in HIDDEN.items():
        assert hidden & readable.pop(table) == set(), table
    assert readable == COLUMNS
    functions = opened.rows(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace"
        " and has_function_privilege('anon', oid, 'execute')"
    )
    assert {function["proname"] for function in functions} == CALLED | PURE
    assert {*FUNCTIONS} > CALLED | PURE


def test_of_held_changes_they_see_which_models_have_one(opened: Pricing) -> None:
    opened.do("select reject_held_price_change(id) from pricing_held")
    held(opened, "n", prices(100, 2), ratio=100)
    with opened.as_role("anon"):
        found = opened.rows("select model_id from public.pricing_held_changes")
        shown = opened.rows("select id as model_id from public.model_prices where is_held")
    assert found == shown != []


def test_each_column_they_read_is_shown(opened: Pricing) -> None:
    """Their columns of prices are what the views show, with the same values."""
    with opened.as_role("anon"):
        rows = opened.rows(
            "select p.model, p.unread, m.unread_keys, p.is_overridden, m.is_overridden as same,"
            " p.provider_input_per_1m, m.provider_input_price * 1000000 as input"
            " from public.model_prices p join public.model_pricing m on m.id = p.id"
        )
    assert {row["model"] for row in rows if row["is_overridden"]} == {"n"}
    for row in rows:
        assert (row["unread"], row["is_overridden"]) == (row["unread_keys"], row["same"])
        assert row["provider_input_per_1m"] == row["input"]


def test_the_setting_takes_it_away_again(opened: Pricing) -> None:
    let(opened, "authenticated")
    for role, readers in (("anon", False), ("authenticated", True)):
        rights = opened.row(
            "select exists (select from pg_class c join pg_attribute a on a.attrelid = c.oid"
            " where c.relnamespace = 'public'::regnamespace and a.attnum > 0"
            " and has_column_privilege(%s, c.oid, a.attnum, 'select')) as reads,"
            " exists (select from pg_proc where pronamespace = 'public'::regnamespace"
            " and has_function_privilege(%s, oid, 'execute')) as calls",
            role,
            role,
        )
        assert rights == {"reads": readers, "calls": readers}


@pytest.mark.parametrize("roles", [["service_role"], ["anon", "postgres"], [""], [None], None])
def test_no_other_role_can_be_named(pricing: Pricing, roles: list[str | None] | None) -> None:
    with pricing.nothing_written(), refused("PT422"):
        pricing.do("update public.pricing_settings set api_readers = %s::text[]", roles)


def test_the_audit_log_has_each_change_once(opened: Pricing) -> None:
    let(opened, "anon", "anon")
    details = opened.rows(
        "select details from public.pricing_audit_log where action = 'change_settings'"
        " and details ? 'api_readers'"
    )
    assert details == [{"details": {"api_readers": {"was": [], "now": ["anon"]}}}]


def test_rights_of_readers_are_no_difference_and_others_are(opened: Pricing) -> None:
    differences = "select object, found, is_ours from public.pricing_access_differences()"
    assert opened.rows(differences) == []
    opened.do(
        "grant select (raw), update (id) on public.model_pricing_history to anon;"
        " grant select (name) on public.model_pricing to authenticated;"
        " grant select on public.pricing_providers to anon;"
        " revoke select (name) on public.model_pricing from anon;"
        " drop policy pricing_read_api on public.pricing_overrides;"
        " drop policy pricing_read_api on public.pricing_providers;"
        " create policy pricing_read_api on public.pricing_providers for select"
        " to anon, authenticated using (true)"
    )
    assert {(row["object"], row["found"]) for row in opened.rows(differences)} == {
        ("column public.model_pricing_history.raw", "anon may select"),
        ("column public.model_pricing_history.id", "anon may update"),
        ("column public.model_pricing.name", "authenticated may select"),
        ("table public.pricing_providers", "anon may select"),
        ("table public.model_pricing", "anon may not select its name"),
        ("table public.pricing_overrides", "has no policy pricing_read_api"),
        ("table public.pricing_providers", "has another policy pricing_read_api"),
    }
    opened.connection.execute(ACCESS.encode())
    assert opened.rows(differences) == []
    test_they_read_what_the_web_process_reads(opened)


def test_a_grant_on_all_tables_opens_none_of_ours(opened: Pricing) -> None:
    """Row level security hides the rows from a role that the setting does not name."""
    opened.do("grant select on all tables in schema public to authenticated")
    with opened.as_role("authenticated"):
        for table in ("model_pricing", "model_pricing_history", "pricing_providers"):
            assert opened.rows(f"select * from public.{table}") == []


def test_the_database_linter_finds_no_way_around_row_level_security(opened: Pricing) -> None:
    """No definer and no view with its owner's rights is open to them (lints 0010, 0028, 0029)."""
    definers = opened.rows(
        "select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
        " and has_function_privilege('anon', oid, 'execute')"
    )
    views = opened.rows(
        "select relname from pg_class where relkind = 'v'"
        " and relnamespace = 'public'::regnamespace and has_table_privilege('anon', oid, 'select')"
        " and not reloptions @> '{security_invoker=true}'"
    )
    several = opened.rows(
        "select polrelid::regclass, role from pg_policy cross join unnest(polroles) as role"
        " where polpermissive group by 1, 2 having count(*) > 1"
    )
    assert (definers, views, several) == ([], [], [])


@pytest.mark.parametrize(
    "query",
    [
        "select * from public.model_prices where provider = 'openrouter' and model = 'm'",
        "select * from public.pricing_history where provider = 'openrouter' and model = 'm'",
        "select * from public.pricing_history order by changed_at desc, id desc limit 20",
    ],
)
def test_their_plan_is_that_of_the_web_process(opened: Pricing, query: str) -> None:
    """The same scans of the same indexes: row level security adds nothing."""

    def scans(role: str) -> list[tuple[str, str | None]]:
        with opened.connection.transaction(), opened.as_role(role):
            opened.do("set local enable_seqscan = off")
            (plan,) = opened.value(f"explain (format json, costs off) {query}")
        found: list[tuple[str, str | None]] = []
        waiting = [plan["Plan"]]
        while waiting:
            node = waiting.pop()
            if "Relation Name" in node:
                found.append((node["Relation Name"], node.get("Index Name")))
            waiting += node.get("Plans", [])
        return sorted(found, key=str)

    assert scans("anon") == scans("pricing_web") != []


@pytest.mark.long
def test_a_change_waits_for_readers_within_a_bound(
    own_database: Pricing, database: str, threads: ThreadPoolExecutor
) -> None:
    """It lets others read meanwhile, and succeeds once they let it."""
    pricing = own_database
    with (
        psycopg.connect(database) as reader,
        psycopg.connect(database, autocommit=True) as other,
    ):
        reader.execute("select 1 from model_pricing")
        change = "update pricing_settings set api_readers = '{anon}'"
        changed = threads.submit(other.execute, change)
        while not changed.done():
            pricing.rows("select 1 from model_pricing limit 1")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            changed.result()
        assert pricing.value("select api_readers from pricing_settings") == []
        changed = threads.submit(other.execute, change)
        reader.rollback()
        changed.result(30)
    with pricing.as_role("anon"):
        pricing.rows("select * from public.model_prices")
