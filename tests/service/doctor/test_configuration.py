"""The configuration check names the databases and shows no part of a password."""

from __future__ import annotations

import pytest

from service.doctor.configuration import check_configuration
from service.settings import read_settings

URL = "postgresql://owner:a-secret@db.example:5432/prices"


def test_nothing_is_set() -> None:
    result = check_configuration(read_settings({}))
    assert (result.state, result.found) == ("fail", "DATABASE_URL is not set")
    assert result.advice is not None and result.advice.startswith("export DATABASE_URL=")


def test_one_url_for_all() -> None:
    result = check_configuration(read_settings({"DATABASE_URL": URL}))
    assert result.state == "ok"
    assert result.found == (
        "DATABASE_URL is owner@db.example:5432/prices, worker and web use it too"
    )


def test_urls_of_their_own() -> None:
    environment = {
        "DATABASE_URL": URL,
        "PRICING_WORKER_DATABASE_URL": URL.replace("owner", "worker"),
        "PRICING_WEB_DATABASE_URL": URL.replace("owner", "web"),
    }
    found = check_configuration(read_settings(environment)).found
    assert "PRICING_WORKER_DATABASE_URL is worker@db.example:5432/prices" in found
    assert "PRICING_WEB_DATABASE_URL is web@db.example:5432/prices" in found
    assert "use" not in found and "a-secret" not in found


def test_only_a_worker_s_url() -> None:
    result = check_configuration(read_settings({"PRICING_WORKER_DATABASE_URL": URL}))
    assert result.state == "warn"
    assert "DATABASE_URL is not set" in result.found


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u%40tenant:a%2Fsecret@db/prices", "u@tenant@db:5432/prices"),
        ("postgresql://u:a-secret?a-secret@db/prices", "u@db:5432/prices"),
        ("host=a,b port=5432,5433 user=u password=a-secret dbname=d", "u@a:5432,b:5433/d"),
        ("postgresql://u@/prices?host=/run/postgresql&port=1", "u@/run/postgresql:1/prices"),
    ],
)
def test_a_login_and_its_place(url: str, shown: str) -> None:
    assert check_configuration(read_settings({"DATABASE_URL": url})).found.startswith(
        f"DATABASE_URL is {shown}, "
    )
