"""docs/api.md and the program agree."""

from __future__ import annotations

import re

from service.web.database.database_errors import STATUS_BY_SQLSTATE
from service.web.http_server.protocol_errors import CODE_BY_STATUS as REFUSALS
from service.web.responses.error_responses import CODE_BY_STATUS
from service.web.routes.all_routes import ROUTES
from tests.docs.api_reference import PAGE, page
from tests.support.processes import ROOT

DOCUMENT = (ROOT / "docs" / "api.md").read_text()


def test_it_lists_exactly_the_routes() -> None:
    described = set(re.findall(r"^\| \[?`([A-Z]+ /[^`]*)`", DOCUMENT, re.MULTILINE))

    assert described == {f"{route.method} {route.path}" for route in ROUTES}


def test_it_explains_every_error() -> None:
    explained = set(re.findall(r"^\| (\d{3}) \| `(\w+)` \|", DOCUMENT, re.MULTILINE))
    raised = {(str(status), code) for status, code in STATUS_BY_SQLSTATE.values()}
    raised |= {(str(status), code) for status, (code, _) in CODE_BY_STATUS.items()}
    raised |= {("401", "unauthorized"), ("403", "forbidden"), ("500", "internal")}
    raised |= {(str(status), code) for status, (code, _) in REFUSALS.items()}
    raised |= {("429", "too_many_failures")}

    assert explained == raised


def test_the_reference_is_what_make_docs_would_write() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make docs"
