"""Which databases the environment names, and that no part of a password is ever shown."""

from __future__ import annotations

import pytest

from service.doctor.configuration import address, judge_configuration
from service.errors import SettingsError
from service.settings import read_settings

URL = "postgresql://owner:a-secret@db.example:5432/prices"


def test_nothing_is_set() -> None:
    finding = judge_configuration(read_settings({}))
    assert (finding.state, finding.found) == ("fail", "DATABASE_URL is not set")
    assert finding.advice is not None and finding.advice.startswith("export DATABASE_URL=")


def test_one_url_for_all() -> None:
    finding = judge_configuration(read_settings({"DATABASE_URL": URL}))
    assert finding.state == "ok"
    assert finding.found == (
        "DATABASE_URL is owner@db.example:5432/prices, worker and web use it too"
    )


def test_urls_of_their_own() -> None:
    environment = {
        "DATABASE_URL": URL,
        "PRICING_WORKER_DATABASE_URL": URL.replace("owner", "worker"),
        "PRICING_WEB_DATABASE_URL": URL.replace("owner", "web"),
    }
    found = judge_configuration(read_settings(environment)).found
    assert "PRICING_WORKER_DATABASE_URL is worker@db.example:5432/prices" in found
    assert "PRICING_WEB_DATABASE_URL is web@db.example:5432/prices" in found
    assert "use" not in found and "a-secret" not in found


def test_only_a_worker_s_url() -> None:
    finding = judge_configuration(read_settings({"PRICING_WORKER_DATABASE_URL": URL}))
    assert finding.state == "warn"
    assert "DATABASE_URL is not set" in finding.found


def test_the_web_process_needs_a_url() -> None:
    finding = judge_configuration(read_settings({"DATABASE_URL": "host=db password=a-secret"}))
    assert finding.state == "fail"
    assert "as a URL" in finding.found and "a-secret" not in str(finding)


@pytest.mark.parametrize(
    "url",
    [
        "postgres//u:a-secret@db/prices",
        "postgresql://u:a-secret/a-secret@db:5432/prices",
        "postgresql://u:12/a-secret@db:5432/prices",
        "postgresql://u:a-secret@a-secret@db/prices",
        "postgresql://u:a-secret:a-secret@db:a-secret/prices",
        "host = 'a-secret",
    ],
)
def test_a_password_that_is_taken_for_something_else_is_not_repeated(url: str) -> None:
    finding = judge_configuration(read_settings({"DATABASE_URL": url}))
    assert finding.state == "fail"
    assert "a-secret" not in str(finding)
    assert finding.advice is not None and "%40" in finding.advice
    with pytest.raises(SettingsError):
        address(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:a-secret@db:5432/prices?sslmode=require", "u@db:5432/prices"),
        ("postgresql://u%40tenant:a%2Fsecret@db/prices", "u@tenant@db/prices"),
        ("postgresql://u:a-secret?a-secret@db/prices", "u@db/prices"),
        ("postgresql://u@a:5432,b:5433/prices", "u@a,b:5432,5433/prices"),
        ("postgresql:///prices?host=/run/postgresql&password=a-secret", "/run/postgresql/prices"),
    ],
)
def test_an_address(url: str, shown: str) -> None:
    assert address(url) == shown
