from __future__ import annotations

import pytest

from service.errors import SettingsError
from service.web.database_url import asyncpg_url


@pytest.mark.parametrize(
    ("url", "understood"),
    [
        ("postgresql://u:p@host:5432/db", "postgresql://u:p@host:5432/db"),
        ("postgres:///db?host=/tmp/a%20b&port=5433", "postgres:///db?host=/tmp/a%20b&port=5433"),
        (
            "postgresql://u@host/db?sslmode=require&channel_binding=require&connect_timeout=5",
            "postgresql://u@host/db?sslmode=require",
        ),
        ("postgresql://u:p%40ss@host/db", "postgresql://u:p%40ss@host/db"),
    ],
)
def test_what_only_libpq_knows_is_left_out(url: str, understood: str) -> None:
    assert asyncpg_url(url) == understood


@pytest.mark.parametrize("url", ["", "host=localhost dbname=db", "mysql://host/db"])
def test_what_is_no_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        asyncpg_url(url)
    assert not url or url not in refused.value.message
