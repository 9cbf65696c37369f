"""docs/api.md and the program agree."""

from __future__ import annotations

import re

from service.web.database.database_errors import STATUS_BY_SQLSTATE
from service.web.handlers.held import DecisionBody
from service.web.handlers.overrides import OverrideBody
from service.web.handlers.rollbacks import RollbackBody
from service.web.handlers.rules import RuleBody
from service.web.handlers.triggers import TriggerBody
from service.web.http_server.protocol_errors import CODE_BY_STATUS as REFUSALS
from service.web.requests.body import RequestBody
from service.web.responses.error_responses import CODE_BY_STATUS
from service.web.responses.history_responses import PriceChangeInTime
from service.web.responses.review_responses import (
    Decision,
    DecisionsAnswer,
    Drift,
    Evidence,
    HeldAnswer,
    HeldChange,
    Move,
    Override,
    OverridesAnswer,
    PreviewAnswer,
    ReopenedAnswer,
    ReopenedChange,
    RollbackAnswer,
    RolledBackModel,
    Rule,
    RuleImpact,
    RulesAnswer,
    ShorterListAnswer,
    UnpricedModel,
)
from service.web.responses.sync_responses import (
    ActiveSync,
    HeldOfProvider,
    HeldStatus,
    ProviderResult,
    ReadyAnswer,
    ResponseModel,
    Scheduler,
    SyncAnswer,
    TriggerAnswer,
)
from service.web.routes.all_routes import ROUTES
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


def test_it_names_every_field() -> None:
    models: tuple[type[ResponseModel] | type[RequestBody], ...] = (
        PriceChangeInTime,
        PreviewAnswer,
        RuleImpact,
        ReopenedAnswer,
        ReopenedChange,
        Move,
        HeldStatus,
        HeldOfProvider,
        ActiveSync,
        Decision,
        DecisionBody,
        DecisionsAnswer,
        Drift,
        Evidence,
        HeldAnswer,
        HeldChange,
        Override,
        OverrideBody,
        OverridesAnswer,
        ProviderResult,
        ReadyAnswer,
        RollbackAnswer,
        RollbackBody,
        RolledBackModel,
        Rule,
        RuleBody,
        RulesAnswer,
        Scheduler,
        ShorterListAnswer,
        SyncAnswer,
        TriggerAnswer,
        TriggerBody,
        UnpricedModel,
    )
    for model in models:
        for name, info in model.model_fields.items():
            field = info.alias or name
            assert re.search(rf'[`"]{field}[`"]', DOCUMENT), field
