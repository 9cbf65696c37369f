from __future__ import annotations

import pytest

from service.migrations.migrate import migrate
from tests.conftest import DatabaseFactory, Owner
from tests.service.web.running import ACTIVE, running_web, settings_for


@pytest.mark.parametrize("owner", ["createrole", "plain"])
def test_an_owner_who_is_no_superuser(database_factory: DatabaseFactory, owner: Owner) -> None:
    """The web process takes the role pricing_web, or uses the owner's rights where it cannot."""
    database = database_factory(owner_is=owner)
    migrate(database)

    with running_web(settings_for(database)) as web:
        assert web.trigger().status_code == 202
        assert web.client.get(ACTIVE).json()["count"] == 1
        assert web.client.get("/health/ready").json()["workers"] == 0


def test_a_url_of_its_own(database: str) -> None:
    nobody = "postgresql://nobody@127.0.0.1:1/nothing"

    with running_web(settings_for(nobody, PRICING_WEB_DATABASE_URL=database)) as web:
        assert web.trigger().status_code == 202
