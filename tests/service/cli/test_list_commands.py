"""What all lists of the command line share: whole JSON and CSV, limits, pipes and completion."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import psycopg
import pytest
from psycopg.rows import DictRow

from service.cli import list_rows
from service.cli.list_rows import read_list
from service.lists.price_lists import MODELS
from service.postgres.connect import connect
from tests.service.reviews import CHEAP, Reviews
from tests.support.postgres import free_port
from tests.support.processes import Processes, Run

MODELS_MADE = 120


@pytest.fixture
def many_models(connection: psycopg.Connection[DictRow]) -> None:
    connection.execute(
        "insert into model_pricing (provider_slug, model_id, name, price_per_input_token,"
        " price_per_output_token, pricing_source, listed_by)"
        " select 'openrouter', 'm' || n, '=1+1', n / 1e9, n / 1e9, 'api:openrouter', 'openrouter'"
        " from generate_series(1, %s) as n",
        [MODELS_MADE],
    )


@pytest.mark.usefixtures("many_models")
def test_json_and_csv_are_whole_and_a_cut_table_says_so(run: Run) -> None:
    table = run("models")
    assert len(table.stdout.splitlines()) == 1 + 50
    assert "more than 50" in table.stderr
    whole = run("models", "--json")
    assert (len(json.loads(whole.stdout)), whole.stderr) == (MODELS_MADE, "")
    assert len(json.loads(run("models", "--json", "--limit", "60").stdout)) == 60
    rows = list(csv.DictReader(io.StringIO(run("models", "--csv").stdout)))
    assert len(rows) == MODELS_MADE
    # A spreadsheet would run it.
    assert {row["name"] for row in rows} == {"'=1+1"}
    assert rows[0].keys() == json.loads(whole.stdout)[0].keys()


@pytest.mark.usefixtures("many_models")
def test_sorts_and_states(run: Run, connection: psycopg.Connection[DictRow]) -> None:
    by_price = json.loads(run("models", "--sort", "price", "--json", "--limit", "3").stdout)
    assert [row["model"] for row in by_price] == ["m1", "m2", "m3"]
    connection.execute(
        "update pricing_providers set created_at = '2026-01-01', last_success_at = '2026-01-01'"
        " where slug = 'openrouter'"
    )
    Reviews(connection).model("openrouter", "old", CHEAP)
    Reviews(connection).model("novita", "fresh", CHEAP)
    stale = json.loads(run("models", "--stale", "--sort", "price", "--json").stdout)
    assert [row["model"] for row in stale] == ["old"]
    assert json.loads(run("models", "--state", "held", "--json").stdout) == []
    assert run("models", "--stale", "--state", "free").returncode == 2
    assert run("models", "--json", "--csv").returncode == 2


@pytest.mark.usefixtures("many_models")
@pytest.mark.parametrize("sort", list(MODELS.sorts))
def test_a_list_is_read_in_pages(database: str, monkeypatch: pytest.MonkeyPatch, sort: str) -> None:
    monkeypatch.setattr(list_rows, "PAGE", 7)
    connection = connect(database, autocommit=True)
    one_page = [row["model"] for row in read_list(connection, MODELS, {}, sort=sort, limit=None)]
    assert sorted(one_page) == sorted(f"m{n}" for n in range(1, MODELS_MADE + 1))
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    some = [row["model"] for row in read_list(connection, MODELS, {}, sort=sort, limit=20)]
    assert some == one_page[:20]
    connection.close()


@pytest.mark.usefixtures("many_models")
@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]])
def test_head_is_no_failure(processes: Processes, form: list[str]) -> None:
    command = " ".join([sys.executable, "-m", "service", "models", "--limit", "120", *form])
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} | head -1"],
        capture_output=True,
        text=True,
        env=processes.environment,
        timeout=120,
    )
    assert (ended.returncode, ended.stderr) == (0, ""), form
    assert len(ended.stdout.splitlines()) == 1


def complete(run: Run, words: str, **variables: str) -> list[str]:
    """What bash offers for the last word."""
    ended = run(
        _PRICING_SYNC_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split(" ")) - 1),
        **variables,
    )
    assert ended.stderr == ""
    return ended.stdout.split()


def test_completion(run: Run) -> None:
    assert {"providers", "price-at"} <= set(complete(run, "pricing-sync pr"))
    assert complete(run, "pricing-sync models --provider openr") == ["openrouter"]
    assert complete(run, "pricing-sync history nov") == ["novita"]
    assert complete(run, "pricing-sync sync novita openr") == ["openrouter"]
    run("sync", "openrouter")
    (job,) = json.loads(run("status", "--json").stdout)
    assert complete(run, f"pricing-sync cancel {job['job_id'][:4]}") == [job["job_id"]]
    away = f"postgresql://u@127.0.0.1:{free_port()}/d"
    assert complete(run, "pricing-sync history nov", DATABASE_URL=away) == []
    assert complete(run, "pricing-sync history nov", DATABASE_URL="") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    ended = run(_PRICING_SYNC_COMPLETE=f"source_{shell}")
    assert "pricing-sync" in ended.stdout and ended.returncode == 0
