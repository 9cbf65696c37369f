"""Each adapter agrees with its row of ``pricing_providers``."""

from __future__ import annotations

import psycopg
from psycopg.rows import dict_row

from service.migrations.migrate import migrate
from service.providers.adapter import CATALOGUE, adapter, adapter_slugs


def test_every_adapter_has_its_row_and_every_row_its_adapter(empty_database: str) -> None:
    migrate(empty_database)
    with psycopg.connect(empty_database, row_factory=dict_row) as connection:
        rows = connection.execute("select * from public.pricing_providers").fetchall()
    found = {row["slug"]: row for row in rows}
    assert found.keys() == {*adapter_slugs(), CATALOGUE}
    for slug in adapter_slugs():
        provider, row = adapter(slug), found[slug]
        assert provider.slug == row["adapter"] == slug
        assert (provider.name, provider.base_url) == (row["name"], row["base_url"])
        assert provider.credential_variable == row["credential_variable"], slug
        assert provider.price_api == row["price_api"], slug
        waits = provider.price_api and not provider.evidence.was_seen
        assert row["review_first"] == waits, slug
        state = "ok" if provider.credential_variable is None else "no_credentials"
        assert (row["enabled"], row["guards_enabled"], row["state"]) == (True, True, state), slug
