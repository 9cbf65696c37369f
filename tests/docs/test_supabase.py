"""Runs what docs/supabase.md shows, in the roles and transactions in which PostgREST runs it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from service.migrations.restored_objects import state_differences
from tests.db.price_decisions import held, prices
from tests.db.pricing import Pricing, price
from tests.docs.blocks import blocks
from tests.docs.runbook import section_blocks, statements, tables, text
from tests.docs.supabase_calls import calls, http_request
from tests.support.postgres import Cluster
from tests.support.postgrest import PostgREST, Request, acting_as_postgrest

PAGE = "docs/supabase.md"
MODEL = "openai/gpt-4o"
TIERS = [{"min_prompt_tokens": 200_000, "price_per_input_token": "0.000006"}]


@pytest.fixture
def pricing(connection: psycopg.Connection[DictRow]) -> Pricing:
    """Two prices that have changed once, one of them under a condition."""
    pricing = Pricing(connection)
    for input in ("0.0000025", "0.000003"):
        pricing.sync(
            "openrouter",
            [price(MODEL, input, "0.00001", conditions=TIERS), price("odd", None, None)],
        )
    return pricing


@pytest.fixture
def api(cluster: Cluster, pricing: Pricing) -> Iterator[PostgREST]:
    with acting_as_postgrest(cluster, pricing.connection.info.dbname) as api:
        yield api


@pytest.fixture
def editor(cluster: Cluster, pricing: Pricing) -> Iterator[Pricing]:
    """Studio and the SQL editor: a login that is a member of our roles, and no superuser."""
    with cluster.login_role(can_create_roles=False) as (user, password):
        for role in ("pricing_owner", "pricing_web", "pricing_worker"):
            cluster.execute("grant {} to {}", role, user)
        url = cluster.url_of(pricing.connection.info.dbname, user=user, password=password)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            yield Pricing(connection)


def sql_of(heading: str) -> list[str]:
    return [
        statement
        for block in section_blocks(heading, PAGE)
        if block.language == "sql"
        for statement in statements(block.text)
    ]


def requests_of(client: str) -> list[Request]:
    return [
        request
        for block in blocks(PAGE)
        if block.language == "ts"
        for named, request in calls(block.text)
        if named == client
    ]


def let_users_read(editor: Pricing) -> None:
    (statement,) = sql_of("Let your users read prices")
    editor.do(statement)


def test_users_read_with_supabase_js(api: PostgREST, editor: Pricing) -> None:
    requests = requests_of("supabase")
    for request in requests:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.answer(request, "authenticated")
    let_users_read(editor)
    answers = iter([api.answer(request, "authenticated", sub="ada") for request in requests])
    for request in requests:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.answer(request, "anon")

    cheapest = next(answers)
    assert [(row["model"], row["price_state"]) for row in cheapest] == [
        (MODEL, "priced"),
        ("odd", "unknown"),
    ]
    assert [row["model"] for row in next(answers)] == [MODEL]
    assert [row["model"] for row in next(answers)] == ["odd", MODEL]
    changes = next(answers)
    assert {row["model"] for row in changes} == {MODEL}
    assert (changes[0]["price"], changes[0]["before"], changes[0]["after"]) == (
        "input_per_1m",
        2.5,
        3,
    )
    assert {row["model"]: row["input_per_1m"] for row in next(answers)} == {MODEL: "3", "odd": None}
    ((embedded),) = next(answers)
    assert embedded["price_conditions"] == [
        {"position": 1, "min_prompt_tokens": 200_000, "input_per_1m": 6}
    ]
    assert embedded["price_history"][0]["before"] == 2.5
    assert len(embedded["price_history"]) <= 5
    ((cost),) = next(answers)
    assert Decimal(str(cost["cost"])) == Decimal("0.005")
    ((later),) = next(answers)
    assert later["input_per_1m"] == 3
    assert next(answers, None) is None


def test_they_read_without_a_library(api: PostgREST, editor: Pricing) -> None:
    let_users_read(editor)
    ((block),) = [block for block in blocks(PAGE) if block.language == "http"]
    answers = [api.answer(http_request(line), "authenticated") for line in block.text.splitlines()]
    models, changes, conditions, (now,) = answers
    assert [row["model"] for row in models] == [MODEL, "odd"]
    assert {row["price"] for row in changes} == {"input_per_1m", "output_per_1m"}
    assert [row["input_per_1m"] for row in conditions] == [6]
    assert now == {"input_per_1m": 3, "output_per_1m": 10}
    for statement in sql_of("Without a library"):
        editor.do(statement)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"provider": "openrouter", "model": "none", "usage": {}}, "PT404"),
        ({"provider": "openrouter", "model": MODEL, "usage": {"tokens": 1}}, "PT422"),
    ],
)
def test_errors_have_the_codes_of_which_postgrest_makes_a_status(
    api: PostgREST, editor: Pricing, arguments: dict[str, object], code: str
) -> None:
    let_users_read(editor)
    with pytest.raises(psycopg.Error) as refused:
        api.answer(Request("price_request", is_call=True, arguments=arguments), "authenticated")
    assert refused.value.sqlstate == code


def test_the_secret_key_decides(api: PostgREST, pricing: Pricing) -> None:
    held(pricing, "odd", prices(100, 2), ratio=100)
    trigger, waiting, progress = (
        api.answer(request, "service_role") for request in requests_of("admin")
    )
    assert trigger[0]["status"] == "queued"
    assert [row["model"] for row in waiting] == ["odd"]
    assert trigger[0]["job_id"] in {row["job_id"] for row in progress}
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        api.answer(requests_of("admin")[0], "authenticated")


def test_a_transaction_acts_as_postgrest(api: PostgREST, editor: Pricing) -> None:
    let_users_read(editor)
    found = []
    for statement in sql_of("Roles and poolers"):
        cursor = api.connection.execute(statement.encode())
        found.append(cursor.fetchall() if cursor.description else [])
    assert [row["model"] for row in found[2]] == ["odd", MODEL]


# Each row of the page's table of Studio: the statement that Studio sends, and its SQLSTATE.
EDITS = {
    "a price in `model_pricing`": (
        "update model_pricing set price_per_input_token = 1 where model_id = 'odd'",
        "PT409",
    ),
    "a row of `model_pricing_history`": (
        "update model_pricing_history set price_per_input_token = 1",
        "PT409",
    ),
    "a row of `pricing_audit_log`": ("update pricing_audit_log set who = 'me'", "PT409"),
    "the row of `pricing_settings`": ("update pricing_settings set max_attempts = 4", None),
    "the row of `pricing_settings`, deleted": ("delete from pricing_settings", "PT409"),
    "`enabled`, `sync_interval` or `timeout` of `pricing_providers`": (
        "update pricing_providers set enabled = false, sync_interval = '1 hour',"
        " timeout = '5 minutes' where slug = 'deepinfra'",
        None,
    ),
    "`prices` of `pricing_overrides`": (
        "update pricing_overrides set prices = '{}'",
        "PT409",
    ),
    "`status` of a job to `failed`": (
        "update pricing_sync_jobs set status = 'failed', completed_at = now(),"
        " error_message = 'x' where status = 'queued'",
        None,
    ),
    "`status` of a job to another": (
        "update pricing_sync_jobs set status = 'running' where status = 'completed'",
        "PT409",
    ),
    "a row of `pricing_sync_lock`, deleted": (
        "delete from pricing_sync_lock where lock_key = 'pricing_sync:catalogue'",
        None,
    ),
    "a view such as `model_prices`": ("update model_prices set input_per_1m = 1", "55000"),
}


def test_studio_s_edits_apply_or_are_refused_as_the_table_says(
    pricing: Pricing, editor: Pricing
) -> None:
    ((table),) = tables("Studio", PAGE)
    assert [row["edited"] for row in table] == [*EDITS]
    pricing.start("catalogue")
    pricing.trigger("openrouter")
    editor.do("select set_price_override('openrouter', 'odd', input_per_1m => 2, reason => 'x')")
    for row in table:
        statement, expected = EDITS[row["edited"]]
        assert (f"`{expected}`" in row["what happens"]) is (expected == "PT409"), row
        audited = editor.value("select count(*) from pricing_audit_log")
        try:
            assert editor.do(statement) == 1
            found = None
        except psycopg.Error as error:
            found = error.sqlstate
            for function in re.findall(r"`(\w+)`", row["do instead"]):
                assert function in str(error) or function == "retry_pricing_sync", row
        assert found == expected, row
        if "audited" in row["what happens"]:
            assert editor.value("select count(*) from pricing_audit_log") > audited
    assert editor.value("select count(*) from pricing_sync_jobs where status = 'failed'") == 1


def test_a_job_of_pg_cron_by_hand(cron_database: str) -> None:
    with psycopg.connect(cron_database, autocommit=True, row_factory=dict_row) as connection:
        pricing = Pricing(connection)
        make, look, end = sql_of("pg_cron by hand")
        pricing.rows(make)
        ((job),) = pricing.rows(look)
        assert job["active"]
        for _ in range(2):
            pricing.rows(job["command"])
        assert pricing.value("select count(*) from pricing_sync_jobs") == 1
        assert state_differences(cron_database) == []
        pricing.do("select cron.schedule('pricing_sync_mine', '* * 1 1 *', 'select 1')")
        assert len(state_differences(cron_database)) == 1
        pricing.do("select cron.unschedule('pricing_sync_mine')")
        pricing.rows(end)
        assert pricing.rows(look) == []
    (inline,) = re.findall(r"`(update pricing_providers [^`]+;)`", text(PAGE))
    with psycopg.connect(cron_database) as connection:
        connection.execute(inline.encode())
