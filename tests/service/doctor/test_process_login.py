"""The checks of the processes' own URLs: login, role, and whether the session is kept."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.service.conftest import through
from tests.service.doctor.conftest import Diagnose
from tests.support.postgres import Cluster


@pytest.fixture
def stranger(migrated_cluster: Cluster, database: str) -> Iterator[str]:
    """The URL of a login role that is a member of none of our roles."""
    with migrated_cluster.login_role(can_create_roles=False) as (user, password):
        yield migrated_cluster.url_of(database.rpartition("/")[2], user=user, password=password)


def test_one_url_for_all(diagnose: Diagnose, migrated_cluster: Cluster, database: str) -> None:
    """`reset role` would give a process the owner's rights; the advice gives it its own login."""
    found = diagnose()
    variables: dict[str, str] = {}
    logins: list[str] = []
    try:
        for name in ("worker", "web"):
            result = found[f"{name} rights"]
            assert result.state == "warn"
            assert f"postgres, who takes the role pricing_{name}: `reset role`" in result.found
            assert result.advice is not None
            statements, _, export = result.advice.partition(" then: export ")
            login = f"pricing_{name}_login"
            own = migrated_cluster.new_name("login")
            logins.append(own)
            for statement in statements.replace(login, own).replace("'...'", "'test'").split("; "):
                migrated_cluster.execute(statement)
            variable, _, url = export.partition("=")
            assert url.startswith(f"postgresql://{login}:...@")
            dbname = database.rpartition("/")[2]
            variables[variable] = migrated_cluster.url_of(dbname, user=own, password="test")
        found = diagnose(**variables)
        assert {found[f"{name} rights"].state for name in ("worker", "web")} == {"ok"}
    finally:
        for own in logins:
            migrated_cluster.execute("drop role if exists {}", own)
    assert found["LISTEN"].state == "ok" and "came through" in found["LISTEN"].found
    assert found["pooler"].found == "none in between"


@pytest.mark.long
@pytest.mark.parametrize("name", ["worker", "web"])
def test_a_login_role_that_lacks_its_role(
    diagnose: Diagnose, migrated_cluster: Cluster, stranger: str, name: str
) -> None:
    variables = {f"PRICING_{name.upper()}_DATABASE_URL": stranger}
    result = diagnose(**variables)[f"{name} rights"]
    assert result.state == "fail" and f"no member of pricing_{name}" in result.found
    assert result.advice is not None

    # The advice does not reuse the other process's login.
    user, other = stranger.split("//")[1].split(":")[0], {"worker": "web", "web": "worker"}[name]
    migrated_cluster.execute(f"grant pricing_{other} to {{}}", user)
    advice = diagnose(**variables)[f"{name} rights"].advice or ""
    assert f"create role pricing_{name}_login" in advice and user not in advice
    migrated_cluster.execute(f"revoke pricing_{other} from {{}}", user)

    migrated_cluster.execute(result.advice)
    result = diagnose(**variables)[f"{name} rights"]
    assert result.state == "ok" and f"a member of pricing_{name}" in result.found


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "more"),
    [
        ("grant pricing_web to {}", "is a member of pricing_web"),
        ("grant pricing_owner to {}", "is a member of pricing_owner"),
        ("grant service_role to {}", "is a member of service_role"),
        ("alter role {} bypassrls", "passes row level security by"),
        ("alter role {} createrole", "makes roles"),
        ("alter role {} superuser", "is a superuser"),
    ],
)
def test_a_login_that_is_more_than_its_role(
    diagnose: Diagnose, migrated_cluster: Cluster, stranger: str, change: str, more: str
) -> None:
    user = stranger.partition("//")[2].partition(":")[0]
    migrated_cluster.execute("grant pricing_worker to {}", user)
    assert diagnose(PRICING_WORKER_DATABASE_URL=stranger)["worker rights"].state == "ok"

    migrated_cluster.execute(change, user)
    result = diagnose(PRICING_WORKER_DATABASE_URL=stranger)["worker rights"]
    assert result.state == "warn" and more in result.found
    assert result.advice is not None and "create role pricing_worker_login" in result.advice


def test_a_login_that_is_not_let_in(diagnose: Diagnose, stranger: str) -> None:
    wrong = stranger.replace(":for-this-test-only@", ":a-secret@")
    found = diagnose(PRICING_WORKER_DATABASE_URL=wrong)
    result = found["worker rights"]
    assert result.state == "fail"
    assert "PRICING_WORKER_DATABASE_URL: " in result.found and "authentication" in result.found
    assert "a-secret" not in str(found)
    assert found["LISTEN"].state == found["pooler"].state == "skipped"
    assert found["web rights"].state == "warn"


def test_only_the_worker_s_url(
    diagnose: Diagnose, migrated_cluster: Cluster, stranger: str
) -> None:
    user = stranger.partition("//")[2].partition(":")[0]
    migrated_cluster.execute("grant pricing_worker to {}", user)
    found = diagnose(DATABASE_URL="", PRICING_WORKER_DATABASE_URL=stranger)
    assert found["configuration"].state == "warn"
    assert found["database"].state == "skipped"
    assert found["worker rights"].state == found["LISTEN"].state == "ok"


def test_the_owner_s_url_behind_a_transaction_mode_pooler(
    diagnose: Diagnose, pooler: int, database: str
) -> None:
    found = diagnose(DATABASE_URL=through(pooler, database))
    for name in ("worker", "web"):
        result = found[f"{name} rights"]
        assert result.state == "fail" and "a login role of its own" in result.found
        assert result.advice is not None
        assert result.advice.startswith(f"create role pricing_{name}_login login password '...'")
        assert f"PRICING_{name.upper()}_DATABASE_URL=postgresql://" in result.advice
    assert found["LISTEN"].state == "warn" and "silent" in found["LISTEN"].found
    assert found["pooler"].found.startswith("transaction mode")
    assert found["database"].state == found["migrations"].state == "ok"
    # The pooler's next client gets a server connection without the doctor's settings.
    with psycopg.connect(through(pooler, database)) as next_one:
        assert next_one.execute("show statement_timeout").fetchone() == ("0",)
        assert next_one.execute("show transaction_read_only").fetchone() == ("off",)


def test_a_login_role_behind_a_transaction_mode_pooler(
    diagnose: Diagnose,
    pooler: int,
    login: tuple[str, str],
    database: str,
    migrated_cluster: Cluster,
) -> None:
    url = through(pooler, database, login)
    found = diagnose(PRICING_WORKER_DATABASE_URL=url)
    assert found["worker rights"].found == f"{login[0]}, a member of pricing_worker"
    assert found["LISTEN"].state == "warn"
    assert found["pooler"].found.startswith("transaction mode")
    assert found["web rights"].state == "warn"

    migrated_cluster.execute("revoke pricing_worker from {}", login[0])
    result = diagnose(PRICING_WORKER_DATABASE_URL=url)["worker rights"]
    assert result.state == "fail" and "no member" in result.found


def test_a_login_role_whose_settings_are_wrong(
    diagnose: Diagnose,
    pooler: int,
    login: tuple[str, str],
    database: str,
    migrated_cluster: Cluster,
) -> None:
    migrated_cluster.execute("alter role {} set IntervalStyle = 'iso_8601'", login[0])
    url = through(pooler, database, login)
    result = diagnose(PRICING_WORKER_DATABASE_URL=url)["worker rights"]
    assert result.state == "fail" and result.found.endswith("needs: IntervalStyle.")
    assert f"alter role {login[0]} in database " in str(result.advice)


@pytest.mark.parametrize("login_search_path", ["public"])
def test_a_login_role_that_does_not_find_the_engine(
    diagnose: Diagnose, pooler: int, login: tuple[str, str], database: str
) -> None:
    url = through(pooler, database, login)
    result = diagnose(PRICING_WORKER_DATABASE_URL=url)["worker rights"]
    assert result.state == "fail" and "does not find the engine" in result.found
    assert result.advice == (f'alter role "{login[0]}" set search_path = procrastinate, pg_temp;')


@pytest.mark.parametrize("pool_mode", ["session"])
def test_a_session_mode_pooler(diagnose: Diagnose, pooler: int, database: str) -> None:
    found = diagnose(DATABASE_URL=through(pooler, database))
    assert found["worker rights"].state == found["web rights"].state == "warn"
    assert found["LISTEN"].state == "ok"
    assert found["pooler"].found.startswith("session mode")
