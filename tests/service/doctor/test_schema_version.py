"""The checks of the ledger against the files: missing, edited, newer, none."""

from __future__ import annotations

import pytest

from service import __version__
from service.migrations.migrate import migrate
from service.migrations.status import missing_steps
from tests.db.pricing import Pricing
from tests.service.doctor.conftest import Diagnose

NEWER = "insert into pricing_schema_ledger (name, digest) values (%s, '')"
FIRST = "migrations/20261121000100_settings_and_providers.sql"


def _lacks_something(people: Pricing) -> bool:
    rows = people.rows("select name, digest from pricing_schema_ledger")
    return bool(missing_steps((row["name"], row["digest"]) for row in rows))


def test_as_it_should_be(diagnose: Diagnose) -> None:
    found = diagnose()
    assert found["migrations"].state == found["engine"].state == "ok"
    assert __version__ in found["migrations"].found
    assert "procrastinate 3.10." in found["engine"].found


def test_not_migrated(diagnose: Diagnose, empty_database: str) -> None:
    found = diagnose(DATABASE_URL=empty_database)
    assert found["migrations"].state == "fail"
    assert found["migrations"].advice == "pricing-sync migrate"
    # One cause makes one check fail; checks that need none of our tables still run.
    assert [name for name, result in found.items() if result.state == "fail"] == ["migrations"]
    for name in ("database", "LISTEN", "pooler", "clock", "connections"):
        assert found[name].state == "ok"
    for name in ("engine", "worker rights", "web rights", "schedule", "workers", "stuck"):
        assert found[name].found == "not checked"

    migrate(empty_database)
    assert diagnose(DATABASE_URL=empty_database)["migrations"].state == "ok"


@pytest.mark.parametrize(
    ("change", "check", "says"),
    [
        ("delete from pricing_schema_ledger where name = 'db'", "migrations", "db"),
        ("update pricing_schema_ledger set digest = '' where name = 'db'", "migrations", "db"),
        (f"delete from pricing_schema_ledger where name = '{FIRST}'", "migrations", FIRST),
        (
            f"update pricing_schema_ledger set digest = '' where name = '{FIRST}'",
            "migrations",
            "another text",
        ),
        ("delete from pricing_schema_ledger where name like 'engine:03.04%'", "engine", "step"),
    ],
)
def test_what_is_missing(
    diagnose: Diagnose, people: Pricing, change: str, check: str, says: str
) -> None:
    assert people.do(change)
    found = diagnose()
    assert found[check].state == "fail" and says in found[check].found
    assert found["workers"].state == "skipped"
    assert _lacks_something(people)


@pytest.mark.parametrize(
    ("name", "check"),
    [("migrations/29990101000000_later.sql", "migrations"), ("engine:99.0_later.sql", "engine")],
)
def test_migrated_by_a_newer_version(
    diagnose: Diagnose, people: Pricing, name: str, check: str
) -> None:
    people.do(NEWER, name)
    people.do("update pricing_schema_ledger set digest = '' where name = 'db'")
    found = diagnose()
    assert found[check].state == "warn" and "later.sql" in found[check].found
    # A newer version's database serves older processes too, so the other checks still run.
    assert not _lacks_something(people)
    assert found["workers"].state != "skipped"


def test_functions_of_another_version(diagnose: Diagnose, people: Pricing) -> None:
    people.do(NEWER, "migrations/29990101000000_later.sql")
    people.do(
        "create or replace function public.pricing_doctor() returns jsonb language sql"
        ' as $$ select \'{"workers_alive": "many"}\'::jsonb $$'
    )
    found = diagnose()
    assert found["database"].state == "fail" and "another version" in found["database"].found
    assert found["workers"].state == "skipped"
