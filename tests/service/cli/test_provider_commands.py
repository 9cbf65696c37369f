"""The commands of providers, and names that no provider has."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.service.reviews import CHEAP, DEAR, Reviews
from tests.support.processes import Run


@pytest.fixture
def reviews(connection: psycopg.Connection[DictRow]) -> Reviews:
    return Reviews(connection)


def json_of(ended: subprocess.CompletedProcess[str]) -> Any:
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_list_and_show(run: Run, reviews: Reviews) -> None:
    reviews.model("openrouter", "m", CHEAP)
    reviews.hold("openrouter", "m", DEAR)
    rows = {row["provider"]: row for row in json_of(run("providers", "--json"))}
    assert "novita" in rows
    assert (rows["openrouter"]["models"], rows["openrouter"]["models_held"]) == (1, 1)
    assert json_of(run("providers", "show", "openrouter", "--json")) == rows["openrouter"]
    table = run("providers").stdout
    assert table == run("providers", "list").stdout
    assert table.splitlines()[0].split()[:2] == ["provider", "state"]
    shown = run("providers", "show", "openrouter").stdout
    assert "https://openrouter.ai" in shown and "factor of 10" in shown


def test_settings(run: Run, connection: psycopg.Connection[DictRow]) -> None:
    changed = json_of(
        run(
            *("providers", "set", "novita", "--interval", "90m", "--timeout", "45s"),
            *("--guards", "off", "--large-ratio", "20", "--unit-ratio", "200"),
            *("--lowest", "0.01", "--highest", "500", "--review-first", "on", "--json"),
        )
    )
    wanted = {
        "interval_seconds": 5400,
        "timeout_seconds": 45,
        "guards_enabled": False,
        "guard_large_ratio": "20",
        "guard_unit_ratio": "200",
        "guard_lowest_per_1m": "0.01",
        "guard_highest_per_1m": "500",
        "review_first": True,
    }
    assert {name: changed[name] for name in wanted} == wanted
    assert "90m" in run("providers", "show", "novita").stdout
    assert run("providers", "disable", "novita").returncode == 0
    assert json_of(run("providers", "show", "novita", "--json"))["state"] == "disabled"
    assert run("providers", "enable", "novita").returncode == 0
    assert json_of(run("providers", "show", "novita", "--json"))["enabled"] is True
    row = connection.execute(
        "select who from pricing_audit_log where subject = 'novita' order by id desc limit 1"
    ).fetchone()
    assert row is not None and row["who"].startswith("cli:")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["set", "novita"], 2, "Give a setting"),
        (["set", "novita", "--interval", "soon"], 2, "not a time"),
        (["set", "novita", "--interval", "1m"], 1, "interval"),
        (["set", "novita", "--large-ratio", "1000"], 1, "guard_large_ratio"),
        (["accept-list", "novita"], 1, "No list of novita waits"),
    ],
)
def test_what_is_refused(run: Run, arguments: list[str], status: int, message: str) -> None:
    ended = run("providers", *arguments)
    assert (ended.returncode, ended.stdout) == (status, "")
    error, hint = ended.stderr.splitlines()
    assert message in error and hint.startswith("hint: ")


def test_a_first_list_is_accepted(run: Run, reviews: Reviews) -> None:
    for model in ("a", "b"):
        reviews.model("nebius", model, {})
        reviews.hold("nebius", model, CHEAP, previous={}, held_class="first_list")
    reviews.model("nebius", "c", CHEAP)
    reviews.hold("nebius", "c", DEAR)
    accepted = json_of(
        run("providers", "accept-list", "nebius", "--note", "as published", "--json")
    )
    assert (accepted["approved"], accepted["still_held"]) == (2, 1)
    (left,) = json_of(run("held", "--json"))
    assert left["model"] == "c"


def test_a_shorter_list_is_accepted(run: Run, reviews: Reviews) -> None:
    reviews.refuse_list("novita")
    ended = run("providers", "accept-list", "novita", "--yes")
    assert ended.returncode == 0, ended.stderr
    assert "The list has 1 of 3" in ended.stdout


@pytest.mark.parametrize(
    "command",
    [
        ["models", "--provider", "NAME"],
        ["history", "NAME", "m"],
        ["changes", "--provider", "NAME"],
        ["price-at", "NAME", "m", "2026-01-01"],
        ["cost", "NAME", "m", "input_tokens=1"],
        ["drift", "--provider", "NAME"],
        ["unpriced", "--provider", "NAME"],
        ["held", "--provider", "NAME"],
        ["reopen", "--provider", "NAME"],
        ["accept", "NAME", "--up-to", "20", "--until", "3d", "--reason", "r"],
        ["accept-shorter-list", "NAME"],
        ["override", "set", "NAME", "m", "--input", "1", "--reason", "r"],
        ["override", "clear", "NAME", "m"],
        ["override", "list", "--provider", "NAME"],
        ["sync", "NAME"],
        ["status", "--provider", "NAME"],
        ["providers", "show", "NAME"],
        ["providers", "enable", "NAME"],
        ["providers", "set", "NAME", "--interval", "6h"],
        ["providers", "accept-list", "NAME"],
    ],
    ids=" ".join,
)
def test_an_unknown_provider_is_an_error(run: Run, command: list[str]) -> None:
    ended = run(*("opnrouter" if each == "NAME" else each for each in command))
    assert (ended.returncode, ended.stdout) == (1, "")
    error, hint = ended.stderr.splitlines()
    assert error == "error: There is no provider 'opnrouter'."
    assert hint.startswith("hint: Did you mean openrouter? Known providers: ")
    assert "novita" in hint


def test_a_provider_that_only_the_catalogue_prices_is_known(run: Run, reviews: Reviews) -> None:
    reviews.connection.execute(
        "insert into model_pricing (provider_slug, model_id, pricing_source, listed_by,"
        " price_per_input_token) values ('openai', 'm', 'catalogue:x', 'catalogue', 0.000001)"
    )
    assert [row["model"] for row in json_of(run("models", "--provider", "openai", "--json"))] == [
        "m"
    ]
    assert run("history", "openai", "m").returncode == 0
    assert json_of(run("held", "--provider", "openai", "--json")) == []
    ended = run("override", "set", "openai", "m", "--input", "2", "--reason", "r", "--json")
    assert ended.returncode == 0, ended.stderr
    # It has no list of its own to sync.
    assert run("sync", "openai").returncode == 1
