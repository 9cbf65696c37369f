"""Studio lists our objects, and the TypeScript types of docs/supabase.md are generated."""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.db.pricing import Pricing, price
from tests.db.test_access import FUNCTIONS, TABLES, VIEWS
from tests.docs.runbook import code, section_blocks, sections
from tests.support.postgres_meta import listings, typescript

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

PAGE, SECTION = "docs/supabase.md", "TypeScript types"


@pytest.fixture
def opened(database: str, connection: psycopg.Connection[DictRow]) -> str:
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price("a"), price("odd", None, None)])
    pricing.do("update pricing_settings set api_readers = '{anon}'")
    return database


def test_studio_lists_our_objects(opened: str) -> None:
    found = listings(opened)

    def names(kind: str) -> set[str]:
        return {each["name"] for each in found[kind] if each["schema"] == "public"}

    assert names("tables") >= {*TABLES}
    assert names("views") == {*VIEWS}
    assert names("functions") >= {*FUNCTIONS}
    columns = {each["name"] for each in found["columns"] if each["table"] == "model_prices"}
    assert {"provider", "model", "input_per_1m"} <= columns
    policies = {(each["table"], each["name"]) for each in found["policies"]}
    assert {
        ("model_pricing", "pricing_read"),
        ("model_pricing", "pricing_read_api"),
    } <= policies
    assert all(each["rls_enabled"] for each in found["tables"] if each["name"] in TABLES)


def test_the_page_s_types_are_generated(
    opened: str, connection: psycopg.Connection[DictRow]
) -> None:
    types = typescript(opened)
    for group, name, part in re.findall(
        r"Database\['public'\]\['(\w+)'\]\['(\w+)'\]\['(\w+)'\]", section_text()
    ):
        assert f"{part}: {{" in entry(types, group, name), name
    row = entry(types, "Views", "model_prices").partition("Row: {")[2].partition("}")[0]
    columns = dict(re.findall(r"(\w+): (.+)", row))
    assert columns["provider"] == "string | null"
    assert columns["input_per_1m"] == "number | null"
    assert "price_history: {" in entry(types, "Views", "model_prices")
    arguments = re.findall(r"(\w+\??): (\w+)", entry(types, "Functions", "price_request"))
    assert {("at?", "string"), ("provider", "string"), ("usage", "Json")} <= {*arguments}
    # What the page says is never null, is not.
    named = re.search(r"never null: (.*?)\. Of", " ".join(sections(PAGE)[SECTION].split()))
    assert named is not None
    for column in code(named[1]):
        assert column in columns
        nulls = f"select count(*) as nulls from model_prices where {column} is null"
        assert connection.execute(nulls.encode()).fetchone() == {"nulls": 0}


def entry(types: str, group: str, name: str) -> str:
    """The part of the generated file that is about one view or function."""
    below = types.partition("  public: {")[2].partition(f"    {group}: {{")[2]
    found = re.search(rf"^      {name}: \{{.*?^      \}}", below, re.MULTILINE | re.DOTALL)
    assert found, f"no {name} among the {group}"
    return found[0]


def section_text() -> str:
    return "".join(block.text for block in section_blocks(SECTION, PAGE))
