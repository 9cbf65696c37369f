"""docs/api.md and the program say the same."""

from __future__ import annotations

import re

from service.web.answers import (
    ActiveSync,
    Answer,
    ProviderResult,
    ReadyAnswer,
    Scheduler,
    SyncAnswer,
    TriggerAnswer,
)
from service.web.errors import CODE_BY_STATUS, STATUS_BY_SQLSTATE
from service.web.routes import ROUTES
from service.web.triggers import TriggerBody
from tests.processes import ROOT

DOCUMENT = (ROOT / "docs" / "api.md").read_text()


def test_it_lists_exactly_the_routes() -> None:
    described = set(re.findall(r"^\| \[?`([A-Z]+ /[^`]*)`", DOCUMENT, re.MULTILINE))

    assert described == {f"{route.method} {route.path}" for route in ROUTES}


def test_it_explains_every_error() -> None:
    explained = set(re.findall(r"^\| (\d{3}) \| `(\w+)` \|", DOCUMENT, re.MULTILINE))
    raised = {(str(status), code) for status, code in STATUS_BY_SQLSTATE.values()}
    raised |= {(str(status), code) for status, (code, _) in CODE_BY_STATUS.items()}
    raised |= {("401", "unauthorized"), ("403", "forbidden"), ("500", "internal")}
    raised |= {("408", "request_timeout")}

    assert explained == raised


def test_it_names_every_field() -> None:
    models: tuple[type[Answer] | type[TriggerBody], ...] = (
        ActiveSync,
        ProviderResult,
        ReadyAnswer,
        Scheduler,
        SyncAnswer,
        TriggerAnswer,
        TriggerBody,
    )
    for model in models:
        for field in model.model_fields:
            assert re.search(rf'[`"]{field}[`"]', DOCUMENT), field
