"""What Realtime sends when a price changes, and to whom, as docs/supabase.md says."""

from __future__ import annotations

import re
from decimal import Decimal

import psycopg
import pytest
from psycopg.rows import DictRow

from service.migrations.restored_objects import state_differences
from tests.db.pricing import Pricing, price
from tests.docs.runbook import section_blocks, statements
from tests.support.replication import Change, slot

PUBLICATION = "supabase_realtime"
TABLE = "model_pricing"


@pytest.fixture
def published(connection: psycopg.Connection[DictRow]) -> Pricing:
    """A database with two prices and Realtime's publication, which has the page's table."""
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price("a"), price("b")])
    pricing.do(f"create publication {PUBLICATION}")
    (add,) = statements(section_blocks("Realtime", "docs/supabase.md")[0].text)
    pricing.do(add)
    return pricing


def seen_by(pricing: Pricing, role: str, change: Change) -> dict[str, str | None] | None:
    """What Realtime sends a subscriber: the columns that its role may select.

    None: no event. Realtime asks for a right on the primary key and, as that role, for the row
    (supabase/walrus, ``realtime.apply_rls``).
    """
    may_select = "select has_column_privilege(%s, %s, %s, 'select')"
    if not pricing.value(may_select, role, change.table, "id"):
        return None
    with pricing.as_role(role):
        if not pricing.value(
            f"select exists (select from {change.table} where id = {change.new['id']})"
        ):
            return None
    return {
        name: value
        for name, value in change.new.items()
        if pricing.value(may_select, role, change.table, name)
    }


def test_a_changed_price_is_one_event(database: str, published: Pricing) -> None:
    with slot(database, PUBLICATION) as log:
        published.sync("openrouter", [price("a", input="0.000004"), price("b")])
        (change,) = log.changes()
        assert (change.action, change.table) == ("UPDATE", f"public.{TABLE}")
        assert Decimal(change.new["price_per_input_token"] or "") == Decimal("0.000004")
        assert (change.new["provider_slug"], change.new["model_id"]) == ("openrouter", "a")
        # Without another replica identity, and with an unchanged key, nothing of the row before.
        assert change.old == {}
        published.sync("openrouter", [price("a", input="0.000004"), price("b"), price("c")])
        made = [(each.action, each.new["model_id"]) for each in log.changes()]
        assert made == [("INSERT", "c"), ("UPDATE", "c")]
        published.sync("openrouter", [price("a", input="0.000004"), price("b"), price("c")])
        assert log.changes() == []
        published.sync("openrouter", [price("a", input="0.000004"), price("b")])
        assert [each.new["missing_count"] for each in log.changes()] == ["1"]


def test_the_setting_decides_who_gets_events_and_what_is_in_them(
    database: str, published: Pricing
) -> None:
    with slot(database, PUBLICATION) as log:
        published.sync("openrouter", [price("a", input="0.000004"), price("b")])
        (change,) = log.changes()
    for role in ("anon", "authenticated"):
        assert seen_by(published, role, change) is None
    published.do("update pricing_settings set api_readers = '{authenticated}'")
    assert seen_by(published, "anon", change) is None
    shown = seen_by(published, "authenticated", change)
    assert shown is not None
    assert shown["model_id"] == "a" and shown["price_per_input_token"] is not None
    assert shown.keys() & {"extra", "synced", "listed_by", "missing_count"} == set()
    assert seen_by(published, "service_role", change) == change.new


def test_the_subscription_names_a_published_table_and_its_columns(published: Pricing) -> None:
    (_, script) = section_blocks("Realtime", "docs/supabase.md")
    (given,) = re.findall(r"'postgres_changes', \{(.*?)\}", script.text)
    words = dict(re.findall(r"(\w+): '([^']*)'", given))
    tables = published.rows(
        "select schemaname as schema, tablename as table, attnames from pg_publication_tables"
        " where pubname = %s",
        PUBLICATION,
    )
    assert [(each["schema"], each["table"]) for each in tables] == [
        (words["schema"], words["table"])
    ]
    column, _, condition = words["filter"].partition("=")
    assert column in tables[0]["attnames"]
    assert (words["event"], condition) == ("UPDATE", "eq.openrouter")


def test_the_history_has_the_price_before(database: str, published: Pricing) -> None:
    published.do(f"alter publication {PUBLICATION} add table model_pricing_history")
    published.do("update pricing_settings set api_readers = '{authenticated}'")
    with slot(database, PUBLICATION) as log:
        published.sync("openrouter", [price("a", input="0.000004"), price("b")])
        (fact,) = [each for each in log.changes() if each.action == "INSERT"]
    shown = seen_by(published, "authenticated", fact)
    assert shown is not None
    with published.as_role("authenticated"):
        model = published.value(
            "select model from public.model_prices where id = %s::bigint", shown["model_id"]
        )
    assert (model, shown["previous_input_price"] is not None) == ("a", True)
    assert shown.keys() & {"raw", "extra", "observed_at"} == set()


def test_the_publication_is_the_operator_s(database: str, published: Pricing) -> None:
    assert state_differences(database) == []
