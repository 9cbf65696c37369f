"""The check of transactions that were left open."""

from __future__ import annotations

import psycopg
import pytest

from service.doctor import transactions
from service.doctor.facts import Facts, OpenTransaction
from service.doctor.transactions import check_transactions
from tests.db.pricing import Pricing
from tests.service.doctor.conftest import Diagnose
from tests.support.postgres import Cluster
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("without_comparison")


def left_open(pid: int, seconds: float, application: str = "psql") -> OpenTransaction:
    return OpenTransaction(
        pid=pid,
        username="ann",
        application=application,
        seconds=seconds,
        tables=["pricing_sync_jobs"],
    )


@pytest.mark.parametrize(("seconds", "state"), [(0, "ok"), (60, "ok"), (61, "warn")])
def test_a_person_may_think_for_a_minute(seconds: float, state: str) -> None:
    assert check_transactions(Facts(open_transactions=[left_open(1, seconds)])).state == state


def test_it_says_who_and_for_how_long_and_how_to_end_it() -> None:
    result = check_transactions(Facts(open_transactions=[left_open(4711, 320), left_open(9, 3)]))
    assert result.found.startswith("pid 4711, ann in psql, is idle in a transaction for 5 min")
    assert "pricing_sync_jobs" in result.found
    assert result.advice == (
        "select pg_terminate_backend(4711);  -- what was not committed is lost"
    )


def test_many_of_them() -> None:
    result = check_transactions(Facts(open_transactions=[left_open(n, 99, "") for n in range(7)]))
    assert result.found.count("pid ") == 5 and "; and 2 more: " in result.found
    assert result.advice is not None and result.advice.count("pg_terminate_backend") == 5
    assert "pid 0, ann, is idle" in result.found


def test_a_session_that_locks_a_job(
    diagnose: Diagnose, people: Pricing, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = people.trigger("openrouter")
    assert diagnose()["transactions"].found == "none left open"
    with psycopg.connect(database, application_name="an editor") as person:
        person.execute(
            "select from pricing_sync_jobs where job_id = %s for update", [job["job_id"]]
        )
        assert diagnose()["transactions"].state == "ok", "for less than a minute"
        monkeypatch.setattr(transactions, "PATIENCE_SECONDS", 0.0)
        result = diagnose()["transactions"]
        assert result.state == "warn" and result.advice is not None
        assert f"pid {person.info.backend_pid}, postgres in an editor" in result.found
        assert "locks rows of pricing_sync_jobs:" in result.found

        people.do(result.advice)
        wait_until(lambda: diagnose()["transactions"].state == "ok", 30, "it is ended")
        with pytest.raises(psycopg.OperationalError):
            person.execute("select")


def test_what_the_login_may_not_see_is_not_called_well(
    diagnose: Diagnose, people: Pricing, migrated_cluster: Cluster, database: str
) -> None:
    name = database.rpartition("/")[2]
    with migrated_cluster.login_role(can_create_roles=False) as (user, password):
        migrated_cluster.execute("grant pricing_owner to {}", user)
        url = migrated_cluster.url_of(name, user=user, password=password)
        with psycopg.connect(database) as person:
            person.execute("lock table pricing_providers in row exclusive mode")
            result = diagnose(DATABASE_URL=url)["transactions"]
    assert result.state == "ok" and "hidden from us" in result.found
