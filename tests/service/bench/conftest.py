from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.web.running import Web, running_web, settings_for


@pytest.fixture
def web(database: str) -> Iterator[Web]:
    """The web server on ``database``, with the admin key."""
    with running_web(settings_for(database)) as web:
        yield web
