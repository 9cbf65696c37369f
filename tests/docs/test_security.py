"""Compares the table of docs/security.md with the catalogue, and runs the page's statements."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row

from service.doctor.checks import run_checks
from service.migrations.migrate import migrate
from service.settings import read_settings
from tests.db.pricing import Pricing, price
from tests.docs.blocks import ROOT, blocks
from tests.docs.rights_table import MARK, PAGE, granted, page, written
from tests.docs.runbook import filled, statements
from tests.support.postgres import Cluster, free_port, running_cluster
from tests.support.processes import ADMIN_KEY, Processes, answers
from tests.support.waiting import wait_until

LOGINS = "Logins of their own"
STOLEN = "A credential was stolen"
PASSWORDS = {f"{name}_password": f"for-the-{name}-alone" for name in ("migrate", "web", "worker")}


@pytest.fixture(scope="module")
def fresh_cluster() -> Iterator[Cluster]:
    """A server of its own, because the page's logins belong to a whole server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TEST_DATABASE_URL", raising=False)
        with running_cluster() as cluster:
            yield cluster


def run(url: str, sql: str, **words: object) -> None:
    words = {name: word for name, word in words.items() if f"<{name.replace('_', ' ')}>" in sql}
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements(filled(sql, **words)):
            connection.execute(statement.encode())


def page_blocks(section: str) -> list[str]:
    return [block.text for block in blocks("docs/security.md", section=section)]


def test_the_table_is_what_the_catalogue_says(database: str) -> None:
    rights = granted(database)
    assert written() == rights, "make docs"
    assert PAGE.read_text(encoding="utf-8") == page(rights), "make docs"


def test_a_right_that_the_table_does_not_have_is_seen(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute(
        "grant execute on function pricing_who() to public;"
        " grant update (name) on pricing_providers to service_role;"
        " grant usage on sequence pricing_audit_log_id_seq to anon;"
        " revoke select on pricing_held from pricing_web"
    )
    assert granted(database) ^ written() == {
        ("pricing_who()", "public", "call"),
        ("pricing_providers.name", "service_role", "update"),
        ("pricing_audit_log_id_seq", "anon", "use"),
        ("pricing_held", "pricing_web", "read"),
    }


def test_what_people_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"By hand.\n\n{MARK}\nold")
    assert page({("x()", "pricing_web", "call")}, path).startswith(
        f"By hand.\n\n{MARK}\n\n| object"
    )
    path.write_text("By hand.\n")
    with pytest.raises(SystemExit, match="lost the line"):
        page(set(), path)


def test_each_process_works_with_a_login_of_its_own(fresh_cluster: Cluster, tmp_path: Path) -> None:
    first, second = page_blocks(LOGINS)
    with fresh_cluster.database() as name:
        run(fresh_cluster.url, first, database=name, **PASSWORDS)
        owner = fresh_cluster.url_of(
            name, user="pricing_migrate", password=PASSWORDS["migrate_password"]
        )
        assert not migrate(owner).advice
        run(owner, second, **PASSWORDS)
        variables = own_variables(fresh_cluster, name)
        assert_they_work(owner, variables, tmp_path)

        def rights() -> dict[str, str]:
            environment = {"DATABASE_URL": owner, **variables}
            findings = run_checks(lambda: read_settings(environment))
            return {f.check: f.state for f in findings if f.check.endswith("rights")}

        assert rights() == {"worker rights": "ok", "web rights": "ok"}
        for url in variables.values():
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("reset role")
                for statement in (
                    "set role pricing_owner",
                    "select public.create_pricing_api_key('mine')",
                    "update public.model_pricing set price_per_input_token = 0",
                ):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(statement.encode())

        # After a login is stolen: its sessions end, and its password is refused.
        login = "pricing_web_login"
        with psycopg.connect(variables["PRICING_WEB_DATABASE_URL"], autocommit=True) as thief:
            end, *look = page_blocks(STOLEN)
            words = {"login": login, "new_password": "another", "since": "2026-01-01"}
            run(fresh_cluster.url, end, **words)
            with pytest.raises(psycopg.OperationalError):
                thief.execute("select")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(variables["PRICING_WEB_DATABASE_URL"])
        for sql in look:
            run(owner, sql, **words)


def test_what_a_thief_did_is_found(database: str, connection: psycopg.Connection[DictRow]) -> None:
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price()])
    pricing.do("select set_price_override('openrouter', 'm', input_per_1m => 0.31, reason => 'x')")
    words = {"login": "postgres", "since": "2026-01-01"}
    _, log, prices, in_force = page_blocks(STOLEN)
    found = []
    for sql in (log, prices, in_force):
        given = {name: word for name, word in words.items() if f"<{name}>" in sql}
        found += [pricing.rows(statement) for statement in statements(filled(sql, **given))]
    decisions, changes, rules, overrides = found
    # Only the newest decision: preparing the database changed providers and settings too.
    assert decisions[0]["action"] == "set_price_override"
    assert {row["changed_by"] for row in changes} == {"manual:postgres", "api_sync:openrouter"}
    assert (rules, len(overrides)) == ([], 1)


def test_what_the_schedule_was_made_to_do_with_a_stolen_login_is_found(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    pricing = Pricing(connection)
    pricing.do(
        "update pricing_providers set next_sync_at ="
        " case when slug <> 'deepinfra' then now() + interval '1 hour' end"
    )
    pricing.rows("select * from enqueue_due_pricing_syncs()")
    attempt = pricing.fetch()
    assert attempt is not None and attempt.provider == "deepinfra"
    pricing.apply(attempt, [price(source="api:deepinfra")])
    _, _, prices, _ = page_blocks(STOLEN)

    def changes(login: str) -> list[str]:
        (statement,) = statements(filled(prices, login=login, since="2026-01-01"))
        return [row["triggered_by"] for row in pricing.rows(statement)]

    assert changes("somebody_else") == []
    # One row for each of its two prices.
    assert changes("postgres") == ["schedule"] * 2


def test_strangers_are_kept_out(database: str, migrated_cluster: Cluster) -> None:
    """The statements in the page's text keep strangers out."""
    with (
        migrated_cluster.login_role(can_create_roles=False) as (user, password),
        psycopg.connect(database, autocommit=True) as owner,
    ):
        url = make_conninfo(database, user=user, password=password)
        psycopg.connect(url).close()
        keep_out = re.findall(r"`((?:revoke|grant) connect [^`]+;)`", PAGE.read_text())
        assert len(keep_out) == 2
        for statement in keep_out:
            named = statement.replace("<database>", f'"{owner.info.dbname}"')
            owner.execute(named.encode())
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url)
        for role in ("pricing_web", "pricing_worker"):
            owner.execute(f"grant {role} to {user}".encode())
            psycopg.connect(url).close()
            owner.execute(f"revoke {role} from {user}".encode())
        migrate(database)
        assert owner.execute("select * from pricing_access_differences()").fetchall() == []


def test_the_logins_of_compose(fresh_cluster: Cluster, tmp_path: Path) -> None:
    """The script runs twice, as at each start, then with other passwords."""
    with fresh_cluster.database() as name:
        url = fresh_cluster.url_of(name)
        migrate(url)
        psql = shutil.which("psql") or str(
            next((Path(sys.prefix) / "lib").glob("**/pginstall18/bin/psql"))
        )
        for _ in range(2):
            subprocess.run(
                [psql, "-v", "ON_ERROR_STOP=1", "--file", str(ROOT / "compose.sql"), url],
                env={
                    **os.environ,
                    "PRICING_WEB_PASSWORD": PASSWORDS["web_password"],
                    "PRICING_WORKER_PASSWORD": PASSWORDS["worker_password"],
                },
                check=True,
                capture_output=True,
            )
        for own in own_variables(fresh_cluster, name).values():
            psycopg.connect(own).close()


def own_variables(cluster: Cluster, database: str) -> dict[str, str]:
    return {
        f"PRICING_{name.upper()}_DATABASE_URL": cluster.url_of(
            database, user=f"pricing_{name}_login", password=PASSWORDS[f"{name}_password"]
        )
        for name in ("web", "worker")
    }


def assert_they_work(owner: str, variables: dict[str, str], directory: Path) -> None:
    """The worker runs a sync triggered over HTTP; neither process has the owner's URL."""
    processes = Processes(directory, {"DATABASE_URL": "", **variables})
    port = str(free_port())
    client = httpx2.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Authorization": f"Bearer {ADMIN_KEY}"},
        timeout=120,
    )
    with client, psycopg.connect(owner, autocommit=True, row_factory=dict_row) as connection:
        connection.execute("update pricing_settings set scheduler_enabled = false")
        try:
            processes.service("serve", "--port", port)
            processes.service("worker")
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 60, "it answers")
            wait_until(lambda: client.get("/health/ready").status_code == 200, 60, "it is ready")
            job_id = client.post(
                "/admin/pricing/scheduler/trigger", json={"providers": ["catalogue"]}
            ).json()["job_id"]
            wait_until(
                lambda: client.get(f"/admin/pricing/sync/{job_id}").json()["finished"], 60, "done"
            )
            job = client.get(f"/admin/pricing/sync/{job_id}").json()
            assert job["outcome"] == "success", job
            key = connection.execute("select create_pricing_api_key('ops', 'operate') as key")
            found = key.fetchone()
            assert found is not None
            rule = client.post(
                "/admin/pricing/rules",
                headers={"Authorization": f"Bearer {found['key']}"},
                json={
                    "provider": "openrouter",
                    "up_to_ratio": 2,
                    "expires_at": "2999-01-01T00:00:00Z",
                    "reason": "x",
                },
            )
            assert rule.status_code == 201, rule.text
        finally:
            processes.end()
        signed = connection.execute(
            "select session_login, acting_role, key_name from pricing_audit_log"
            " where action = 'accept_price_changes'"
        ).fetchall()
        assert signed == [
            {"session_login": "pricing_web_login", "acting_role": None, "key_name": "ops"}
        ]
