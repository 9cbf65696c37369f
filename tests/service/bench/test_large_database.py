"""The large database is as the system writes it, and its every list of the document is asked."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.rows import DictRow

from service.bench.ground.installation import running_web
from service.bench.ground.large_database import Scale, counts, prepare
from service.bench.ground.list_cases import Examples, get_routes
from service.bench.ground.our_processes import running_processes
from service.bench.ground.whole_lists import measure_streams
from service.up.stopping import StopSignals
from service.web.routes.all_routes import ROUTES
from service.web.routes.openapi import openapi_document
from tests.db.agreement import assert_agreed
from tests.db.pricing import Pricing


def test_its_rows_are_as_the_system_writes_them(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    prepare(database, Scale(models=400, jobs=600, history=6000))

    rows = counts(database)
    assert (rows["model_pricing"], rows["pricing_sync_jobs"]) == (400, 600)
    assert rows["model_pricing_history"] >= 6000
    pricing = Pricing(connection)
    assert_agreed(connection)
    assert pricing.rows("select * from pricing_unrecorded_prices()") == []
    states = "select distinct price_state from model_prices order by 1"
    assert [row["price_state"] for row in pricing.rows(states)] == ["free", "priced", "unknown"]
    for rare in ("pricing_held", "pricing_announced", "pricing_stale", "pricing_drift"):
        assert pricing.rows(f"select from {rare} limit 1"), f"{rare} is empty"


def test_it_asks_every_list_with_every_parameter(database: str) -> None:
    document = openapi_document(ROUTES, opened=frozenset())
    prepare(database, Scale(models=400, jobs=600, history=6000))

    routes = {route.path: route for route in get_routes(document, Examples.of(database))}

    assert routes.keys() == {path for path, item in document["paths"].items() if "get" in item} - {
        "/openapi.json"
    }
    held = {dict(case.query).get("status") for case in routes["/admin/pricing/held"].cases}
    assert {None, "held", "rejected"} <= held
    assert any(route.is_list for route in routes.values())


@pytest.mark.long
def test_25_000_models_stream_in_little_memory(database: str) -> None:
    prepare(database, Scale(models=25_000, jobs=200, history=30_000))
    with (
        running_processes(database, StopSignals()) as processes,
        running_web(processes) as (web, client),
    ):
        routes = [
            route
            for route in get_routes(client.get("/openapi.json").json(), Examples.of(database))
            if route.path == "/admin/pricing/models"
        ]
        measured = {
            each.name: each.value for each in measure_streams(client, web, routes, is_quick=False)
        }
    assert measured["pages.stream-memory"] < 64
    assert measured["pages.slow-readers"] < 64
