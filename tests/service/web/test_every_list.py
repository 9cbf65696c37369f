"""Every list of the OpenAPI document, with rows of every kind, as JSON, lines of JSON and CSV."""

from __future__ import annotations

import csv
import io
import json

import psycopg
from psycopg.rows import DictRow

from service.bench.ground.large_database import Scale, prepare
from service.bench.ground.list_cases import Examples, get_routes
from tests.service.web.running import running_web, settings_for

MANY = 1000


def test_every_list_is_the_same_in_every_form(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    prepare(database, Scale(models=400, jobs=600, history=6000))
    connection.execute(
        "select accept_price_changes('openrouter', 20, now() + interval '1 day', 'new prices')"
    )
    connection.execute("select procrastinate.procrastinate_register_worker_v1()")
    with running_web(settings_for(database)) as web:
        document = web.client.get("/openapi.json").json()
        lists = [route for route in get_routes(document, Examples.of(database)) if route.is_list]
        for route in lists:
            for sort in {case for case in route.cases if len(case.query) < 2}:
                query = {**dict(sort.query), "limit": str(MANY)}
                forms = {
                    kind: web.client.get(route.path, params=query, headers={"Accept": kind})
                    for kind in route.types
                }
                assert {each.status_code for each in forms.values()} == {200}, (route, query)
                body = forms["application/json"].json()
                (rows,) = [each for each in body.values() if isinstance(each, list)]
                lines = forms["application/x-ndjson"].text.splitlines()
                assert [json.loads(line) for line in lines] == rows, route.path
                table = list(csv.DictReader(io.StringIO(forms["text/csv"].text, newline="")))
                assert len(table) == len(rows), (route.path, query)
                for row, cells in zip(rows, table, strict=True):
                    assert row.keys() == cells.keys(), route.path
                if not sort.query:
                    assert rows, f"{route.path} is empty"
