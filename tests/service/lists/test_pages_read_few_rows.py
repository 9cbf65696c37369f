"""Any page of a list reads few rows of the large tables, the last one and an empty one too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from service.lists.job_lists import PROVIDERS, SYNCS
from service.lists.list_query import ListQuery
from service.lists.price_lists import CHANGES, DRIFT, HISTORY, MODELS, STALE, UNPRICED
from service.lists.review_lists import AUDIT, HELD
from tests.conftest import LARGE as SCALE
from tests.db.pricing import Pricing

LIMIT = 21
# Of tables with thousands of rows more than that; the models are read whole where a price sorts.
MOST_ROWS = 1_200
# In the name of a provider: many rows, few rows, none.
MANY, FEW, NONE = "openrouter", "ovhcloud", "cerebras"


def page(pricing: Pricing, listed: ListQuery, values: dict[str, Any], **given: Any) -> list[Any]:
    statement, arguments = listed.statement(values, limit=LIMIT, **given)
    with psycopg.RawCursor(pricing.connection, row_factory=dict_row) as cursor:
        return cursor.execute(statement.encode(), arguments).fetchall()


@pytest.mark.parametrize("provider", [None, MANY, FEW, NONE])
@pytest.mark.parametrize(
    "filters", [{}, {"status": "failed"}, {"status": "active"}, {"outcome": "cancelled"}], ids=str
)
def test_jobs(large: Pricing, provider: str | None, filters: dict[str, str]) -> None:
    values = {"provider": provider, **filters}
    with large.reading_few_rows(MOST_ROWS):
        rows = page(large, SYNCS, values)
    if len(rows) == LIMIT:
        last = large.row("select min(triggered_at) as at from pricing_sync_jobs")["at"]
        key = [last + timedelta(days=1), rows[0]["job_id"]]
        with large.reading_few_rows(MOST_ROWS):
            assert page(large, SYNCS, values, after=key)


@pytest.mark.parametrize("provider", [None, MANY, FEW, NONE])
@pytest.mark.parametrize("listed", [CHANGES, HISTORY], ids=["changes", "history"])
def test_changes(large: Pricing, listed: ListQuery, provider: str | None) -> None:
    with large.reading_few_rows(MOST_ROWS):
        rows = page(large, listed, {"provider": provider})
    assert bool(rows) is (provider != NONE)
    if rows:
        first = large.row("select min(changed_at) as at from model_pricing_history")["at"]
        key = [first + timedelta(days=200), 0, 1]
        with large.reading_few_rows(MOST_ROWS):
            assert page(large, listed, {"provider": provider}, after=key)


def test_changes_of_a_time_and_of_a_job(large: Pricing) -> None:
    newest = large.row("select max(changed_at) as at from model_pricing_history")["at"]
    job = large.row(
        "select job_id from model_pricing_history where job_id is not null"
        " group by job_id order by count(*) desc limit 1"
    )["job_id"]
    for values in (
        {"since": newest - timedelta(hours=1)},
        {"since": newest + timedelta(hours=1)},
        {"until": newest - timedelta(days=390)},
        {"job": job},
    ):
        with large.reading_few_rows(MOST_ROWS):
            page(large, CHANGES, values)


@pytest.mark.parametrize(
    ("listed", "values"),
    [
        (AUDIT, {}),
        (HELD, {}),
        (HELD, {"provider": FEW}),
        (PROVIDERS, {}),
    ],
    ids=["audit", "held", "held of one provider", "providers"],
)
def test_other_lists(large: Pricing, listed: ListQuery, values: dict[str, Any]) -> None:
    with large.reading_few_rows(2 * SCALE.models):
        page(large, listed, values)


@pytest.mark.parametrize("q", ["model-77", "MODEL 997-", "gpt-5"])
def test_a_search_reads_the_models_that_it_finds(large: Pricing, q: str) -> None:
    large.do("analyze public.pricing_model_search")
    with large.reading_few_rows(200):
        rows = page(large, MODELS, {"q": q})
    assert bool(rows) is (q == "model-77")


@pytest.mark.parametrize("listed", [DRIFT, UNPRICED], ids=["drift", "unpriced"])
@pytest.mark.parametrize("provider", [None, FEW, NONE])
def test_a_report_reads_its_page_or_provider(
    large: Pricing, listed: ListQuery, provider: str | None
) -> None:
    statement, arguments = listed.statement({"provider": provider}, limit=6)
    with (
        large.reading_few_rows(SCALE.models // 3),
        psycopg.RawCursor(large.connection, row_factory=dict_row) as cursor,
    ):
        rows = cursor.execute(statement.encode(), arguments).fetchall()
    assert len(rows) == (6 if provider is None else len(rows))


def test_a_provider_without_a_sync_is_not_looked_for_in_the_whole_log(large: Pricing) -> None:
    attempts = large.value("select count(*) from pricing_sync_log")
    silent = large.value("select count(*) from pricing_provider_status where last_job_id is null")
    assert silent > 3
    with large.reading_few_rows(attempts + SCALE.models):
        page(large, STALE, {})
