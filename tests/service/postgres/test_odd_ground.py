"""All commands work under odd settings of database, login and environment, all at once."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from service.cli import main as cli
from service.logs import QUIET
from tests.service.postgres.test_pinned_settings import ODD
from tests.service.web.running import TRIGGER
from tests.support.postgres import Cluster, free_port
from tests.support.processes import ADMIN_KEY, TRACEBACK, Processes, answers
from tests.support.provider_server import ProviderServer, running_provider_server
from tests.support.syncing import Queue
from tests.support.waiting import wait_until

PROVIDERS = ("openrouter", "deepinfra", "nearai", "requesty", "vercel", "chutes")
MODELS, TRIGGERS = 5, 20
OF_THE_LOGIN = {"DateStyle": "SQL, DMY", "IntervalStyle": "iso_8601", "TimeZone": "Asia/Tokyo"}
ENVIRONMENT = {
    "PGDATESTYLE": "Postgres, YMD",
    "PGTZ": "America/New_York",
    "PGCLIENTENCODING": "SJIS",
    "PGOPTIONS": "-c extra_float_digits=-5 -c default_transaction_isolation=serializable"
    " -c row_security=off",
    "PGGEQO": "off",
}
# Every command except `up`, which consists of these. J is the job of a sync, M a model of
# openrouter. "no" marks a command that has nothing to do here and says so.
COMMANDS = """
status
status J
models --json
history openrouter M --json
price-at openrouter M 2100-01-01 --json
held --json
rules --json
accept openrouter --up-to 20 --until 2100-01-01 --reason test
end-rule 1
override set openrouter M --input 3.21 --reason test --force --until 2100-01-01
override list --json
override clear openrouter M
drift --json
unpriced --json
keys list --json
keys create ann
keys rotate ann
keys revoke ann
rollback J --dry-run
rollback J --yes
no cancel J
no retry J
no approve 99
no reject 99
no accept-shorter-list openrouter
cleanup
config
sync openrouter --watch
migrate
migrate --status
doctor
"""


@pytest.fixture
def odd_database(cluster: Cluster) -> Iterator[str]:
    """An empty database with all settings set for it, and some set otherwise for the login."""
    with cluster.database() as name, psycopg.connect(cluster.url, autocommit=True) as owner:
        login = sql.SQL("role {} in database {}").format(
            sql.Identifier(str(owner.info.user)), sql.Identifier(name)
        )
        database = sql.SQL("database {}").format(sql.Identifier(name))
        for whose, settings in ((database, ODD), (login, OF_THE_LOGIN)):
            for setting, value in settings.items():
                known = owner.execute("select current_setting(%s, true)", [setting]).fetchone()
                if known != (None,) or "." in setting:
                    owner.execute(
                        sql.SQL("alter {} set {} = {}").format(
                            whose,
                            sql.SQL(setting),
                            sql.SQL(", ").join(map(sql.Literal, value.split(", "))),
                        )
                    )
        yield cluster.url_of(name)
        owner.execute(sql.SQL("alter {} reset all").format(login))


@pytest.fixture
def provider_server() -> Iterator[ProviderServer]:
    with running_provider_server() as server:
        yield server


@pytest.fixture
def queue(odd_database: str) -> Iterator[Queue]:
    """The queue as a person sees it whose own session has the right settings."""
    with psycopg.connect(odd_database, autocommit=True, row_factory=dict_row) as connection:
        connection.execute(
            "select set_config(name, boot_val, false) from pg_catalog.pg_settings"
            " where name = any (%s) and name <> 'client_encoding'",
            [[*ODD, *(name.lower() for name in ODD)]],
        )
        connection.execute("set client_encoding = 'UTF8'")
        yield Queue(connection)


@pytest.fixture
def own_logging() -> Iterator[None]:
    """What a command that runs in this process sets up for its log ends with the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in QUIET}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    arguments = [word for word in words if word != "no"]
    status = cli._run(arguments)
    said = capsys.readouterr()
    assert status == int(words[0] == "no"), (arguments, said)
    # An unexpected error is named with its class.
    assert TRACEBACK not in said.err, said.err
    assert "--debug" not in said.err, said.err
    return said.out


@pytest.mark.long
@pytest.mark.usefixtures("own_logging")
def test_a_database_on_odd_ground_does_what_every_other_does(
    odd_database: str,
    queue: Queue,
    provider_server: ProviderServer,
    tmp_path: Path,
    clean_environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    port = free_port()
    variables = {**ENVIRONMENT, "DATABASE_URL": odd_database, "PRICING_PORT": str(port)}
    processes = Processes(tmp_path, variables)
    try:
        assert processes.service("migrate").wait(60) == 0
        for slug in PROVIDERS:
            provider_server.fill(slug, MODELS)
            queue.connection.execute(
                "update public.pricing_providers set base_url = %s, enabled = true,"
                " guards_enabled = false, review_first = false where slug = %s",
                [provider_server.base_url(slug), slug],
            )
        queue.connection.execute("update public.pricing_settings set scheduler_enabled = false")
        workers = [processes.service("worker") for _ in range(2)]
        processes.service("serve")
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/health/ready"), 60, "the web process is up")
        wait_until(lambda: queue.workers() == 2, 60, "the workers register")

        def trigger(slug: str) -> list[tuple[int, str]]:
            headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
            with httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
                got = [client.post(TRIGGER, json={"providers": [slug]}) for _ in range(TRIGGERS)]
            return [
                (answer.status_code, answer.json().get("job_id", answer.text)) for answer in got
            ]

        with ThreadPoolExecutor(len(PROVIDERS)) as clients:
            triggered = [each for got in clients.map(trigger, PROVIDERS) for each in got]
        assert [each for each in triggered if each[0] != 202] == []
        ended = "select count(*) as n from public.pricing_sync_jobs where outcome is not null"
        wait_until(lambda: queue.row(ended)["n"] == len(triggered), 90, "all syncs end")
        outcomes = "select outcome, count(*) as n from public.pricing_sync_jobs group by outcome"
        assert queue.rows(outcomes) == [{"outcome": "success", "n": len(triggered)}]
        figures = queue.rows(
            "select provider_slug as p, count(*) as n from public.model_pricing group by 1"
        )
        assert {row["p"]: row["n"] for row in figures} == dict.fromkeys(PROVIDERS, MODELS)

        for name, value in variables.items():
            clean_environment.setenv(name, value)
        clean_environment.setenv("PRICING_ADMIN_KEY", ADMIN_KEY)
        model = queue.row(
            "select model from public.model_prices where provider = 'openrouter' limit 1"
        )["model"]
        words = {"J": triggered[0][1], "M": model}
        for line in COMMANDS.split("\n")[1:-1]:
            run(capsys, *(words.get(word, word) for word in line.split()))
        shown = [("models", "--json"), ("history", "openrouter", model, "--json")]
        odd = [json.loads(run(capsys, *each)) for each in shown]
        assert all(worker.is_running for worker in workers)
    finally:
        processes.end()
    queue.connection.execute(
        sql.SQL("alter database {} reset all").format(
            sql.Identifier(str(conninfo_to_dict(odd_database)["dbname"]))
        )
    )
    for name in ENVIRONMENT:
        clean_environment.delenv(name, raising=False)
    ordinary = [json.loads(run(capsys, *each)) for each in shown]
    for before, after in zip(odd, ordinary, strict=True):
        for row in [*before, *after]:
            row.pop("confirmed_ago", None)
        assert before == after
