"""The checks of version, standby, rights, clock and connections, from facts and a real server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from service.doctor.server import (
    Clocks,
    ServerFacts,
    check_clock,
    check_connections,
    check_database,
    read_clocks,
    read_server,
)
from tests.service.doctor.conftest import Diagnose
from tests.support.postgres import Cluster

pytestmark = pytest.mark.usefixtures("without_comparison")

FACTS = ServerFacts(
    username="me",
    database="prices",
    is_standby=False,
    ledger_owner="pricing_owner",
    is_owner=True,
    has_other_role=False,
    most_connections=97,
    connections=20,
    cron_is_installed=False,
    cron_is_available=False,
    cron_database=None,
    cron_is_loaded=None,
    cron_is_running=None,
)
LEASE = timedelta(seconds=20)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("version", "state"),
    [(140_012, "fail"), (150_000, "ok"), (170_004, "ok"), (180_001, "ok"), (190_000, "warn")],
)
def test_the_version(version: int, state: str) -> None:
    assert check_database(FACTS, version, "x").state == state


def test_a_standby_cannot_be_written_to() -> None:
    result = check_database(replace(FACTS, is_standby=True), 170_000, "17.0")
    assert result.state == "fail" and "standby" in result.found


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, "ok"), (2, "ok"), (-2, "ok"), (3, "warn"), (-19, "warn"), (21, "fail"), (-3600, "fail")],
)
def test_a_clock_that_is_off(seconds: int, state: str) -> None:
    clocks = Clocks(NOON + timedelta(seconds=seconds), NOON, timedelta(0))
    result = check_clock(clocks, LEASE)
    assert result.state == state
    if state != "ok":
        assert ("ahead of" if seconds > 0 else "behind") in result.found
        assert f"{abs(seconds)}.0 s" in result.found


def test_a_slow_round_trip_is_no_wrong_clock() -> None:
    clocks = Clocks(NOON + timedelta(seconds=3), NOON, timedelta(seconds=6))
    assert check_clock(clocks, LEASE).state == "ok"
    assert check_clock(replace(clocks, round_trip=timedelta(seconds=1)), LEASE).state == "warn"


@pytest.mark.parametrize(("connections", "state"), [(20, "ok"), (85, "ok"), (86, "warn")])
def test_room_for_one_more_worker(connections: int, state: str) -> None:
    assert check_connections(replace(FACTS, connections=connections)).state == state


def test_a_real_server(empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        facts = read_server(connection)
        clocks = read_clocks(connection)
    assert facts.username == "postgres" and facts.ledger_owner is None
    assert 1 <= facts.connections < facts.most_connections
    assert abs(clocks.database - clocks.here) < timedelta(seconds=2)
    assert timedelta(0) < clocks.round_trip < timedelta(seconds=2)


def test_a_stranger_to_the_tables(
    diagnose: Diagnose, migrated_cluster: Cluster, database: str
) -> None:
    name = database.rpartition("/")[2]
    with migrated_cluster.login_role(can_create_roles=False) as (user, password):
        url = migrated_cluster.url_of(name, user=user, password=password)
        result = diagnose(DATABASE_URL=url)["database"]
        assert result.state == "fail" and "no member of pricing_owner" in result.found
        assert result.advice is not None and password not in result.advice

        migrated_cluster.execute("grant pricing_web to {}", user)
        of_a_process = diagnose(DATABASE_URL=url)["database"].advice
        assert of_a_process == "Put the login that ran the first migrate into DATABASE_URL."
        migrated_cluster.execute("revoke pricing_web from {}", user)

        migrated_cluster.execute(result.advice)
        result = diagnose(DATABASE_URL=url)["database"]
        assert result.state == "ok" and "a member of pricing_owner" in result.found
