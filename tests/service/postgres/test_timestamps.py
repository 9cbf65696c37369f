"""Times outside of Python's range can be read over HTTP and by commands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import typer
from psycopg.rows import DictRow

from service.cli.arguments import parse_time
from service.postgres.connect import connect
from service.postgres.timestamps import FIRST, LAST
from tests.service.reviews import CHEAP, Reviews
from tests.service.web.running import OVERRIDES, RULES, running_web, settings_for
from tests.support.processes import Processes


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_times_beyond_pythons_are_the_nearest(database: str, zone: str) -> None:
    given = {
        "infinity": LAST,
        "294276-12-31 23:59:59.999999+00": LAST,
        "9999-12-31 23:59:59.999999-14": LAST,
        "9999-12-30 23:59:59.999999+00": datetime(9999, 12, 30, 23, 59, 59, 999999, UTC),
        "2026-11-29 12:00:00+00": datetime(2026, 11, 29, 12, tzinfo=UTC),
        "0001-01-01 00:00:00+14": FIRST,
        "4713-01-01 00:00:00+00 BC": FIRST,
        "-infinity": FIRST,
    }
    with connect(database) as connection:
        connection.execute("select set_config('timezone', %s, false)", [zone])
        rows = connection.execute(
            "select v.at::timestamptz from unnest(%s::text[]) with ordinality as v (at, place)"
            " order by v.place",
            [list(given)],
        ).fetchall()
    read = [row[0].astimezone(UTC) for row in rows]
    assert read == list(given.values())


@pytest.mark.parametrize("at", ["infinity", "10000-01-01", "9999-12-31T23:59-14:00"])
def test_one_row_does_not_make_a_list_fail(
    database: str,
    connection: psycopg.Connection[DictRow],
    processes: Processes,
    at: str,
) -> None:
    reviews = Reviews(connection)
    reviews.model("openrouter", "m", CHEAP)
    connection.execute(
        "select public.set_price_override('openrouter', 'm', 'contract', input_per_1m => 0.4)"
    )
    rule = reviews.value(
        "select id from public.accept_price_changes('openrouter', 20, now() + '1 day', 'announced')"
    )
    for table in ("pricing_overrides", "pricing_change_rules"):
        connection.execute(f"update public.{table} set expires_at = %s".encode(), [at])

    for command in (["override", "list"], ["rules", "--json"]):
        shown = processes.run(*command)
        assert (shown.returncode, "9999-12-31" in shown.stdout) == (0, True), shown

    with running_web(settings_for(database)) as web:
        answers: list[Any] = [
            web.client.get(OVERRIDES),
            web.client.get(RULES),
            web.client.post(f"{OVERRIDES}/clear", json={"provider": "openrouter", "model_id": "m"}),
            web.client.delete(f"{RULES}/{rule}"),
        ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert "9999-12-31T00:00:00Z" in answer.text


def test_what_is_typed_is_within_them() -> None:
    for at in ("9999-12-31T23:59-14:00", "0001-01-01T00:00+14:00"):
        with pytest.raises(typer.BadParameter, match="1 to 9999"):
            parse_time(at)
