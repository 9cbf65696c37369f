"""Routes of rules, overrides, price changes and reports about prices."""

from __future__ import annotations

from service.web.handlers.costs import CostBody, compute_cost
from service.web.handlers.drift import list_drift, list_unpriced
from service.web.handlers.history import list_price_changes, list_price_history
from service.web.handlers.overrides import (
    ModelBody,
    OverrideBody,
    clear_override,
    list_overrides,
    set_override,
)
from service.web.handlers.rules import RuleBody, add_rule, end_rule, list_rules
from service.web.handlers.shorter_list import accept_shorter_list
from service.web.responses.cost_responses import CostAnswer
from service.web.responses.history_responses import ChangesAnswer, HistoryAnswer
from service.web.responses.review_responses import (
    DriftAnswer,
    Override,
    OverrideOrPreview,
    OverridesAnswer,
    PreviewAnswer,
    Rule,
    RulePreviewAnswer,
    RulesAnswer,
    ShorterListAnswer,
    UnpricedAnswer,
)
from service.web.routes.endpoint import Endpoint
from service.web.routes.route_parameters import (
    CURSOR,
    DRY_RUN,
    LIMIT,
    OF_PROVIDER,
    RULE_ID,
    SINCE,
    SLUG,
    THE_MODEL,
    THE_PROVIDER,
)

PRICE_ROUTES: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/admin/pricing/rules",
        list_rules,
        "The rules in force, which accept larger changes",
        RulesAnswer,
        parameters=(OF_PROVIDER, LIMIT, CURSOR),
        errors=(422,),
    ),
    Endpoint(
        "POST",
        "/admin/pricing/rules",
        add_rule,
        "Accept larger changes of a provider or model until a time",
        Rule,
        status=201,
        body=RuleBody,
        parameters=(DRY_RUN,),
        answers_by_status={200: RulePreviewAnswer},
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "DELETE",
        "/admin/pricing/rules/{id}",
        end_rule,
        "End a rule before its time",
        Rule,
        parameters=(RULE_ID,),
        errors=(404, 409),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/providers/{slug}/accept-shorter-list",
        accept_shorter_list,
        "Accept a next list as short as the one that was refused",
        ShorterListAnswer,
        parameters=(SLUG,),
        errors=(404, 409),
        least_role="operate",
    ),
    Endpoint(
        "GET",
        "/admin/pricing/overrides",
        list_overrides,
        "The prices that people have set",
        OverridesAnswer,
        parameters=(OF_PROVIDER, LIMIT, CURSOR),
        errors=(422,),
    ),
    Endpoint(
        "POST",
        "/admin/pricing/overrides",
        set_override,
        "Set prices of a model in place of the synced ones",
        Override,
        status=201,
        body=OverrideBody,
        parameters=(DRY_RUN,),
        answers_by_status={200: PreviewAnswer},
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/overrides/clear",
        clear_override,
        "Let a model follow its provider again",
        OverrideOrPreview,
        body=ModelBody,
        parameters=(DRY_RUN,),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/cost",
        compute_cost,
        "What one request costs, by the price of its time",
        CostAnswer,
        body=CostBody,
        errors=(404, 408, 413, 422),
        least_role="read",
    ),
    Endpoint(
        "GET",
        "/admin/pricing/models/history",
        list_price_history,
        "Every price of a model, and what set it",
        HistoryAnswer,
        parameters=(THE_PROVIDER, THE_MODEL, LIMIT, CURSOR),
        errors=(404, 422),
    ),
    Endpoint(
        "GET",
        "/admin/pricing/changes",
        list_price_changes,
        "What changed in the prices that are charged, over all models",
        ChangesAnswer,
        parameters=(SINCE, OF_PROVIDER, LIMIT, CURSOR),
        errors=(422,),
    ),
    Endpoint(
        "GET",
        "/admin/pricing/drift",
        list_drift,
        "Where a provider's price and the catalogue's differ by more than 1 %",
        DriftAnswer,
        parameters=(OF_PROVIDER, LIMIT, CURSOR),
        errors=(422,),
    ),
    Endpoint(
        "GET",
        "/admin/pricing/unpriced",
        list_unpriced,
        "Active models without any price, and why",
        UnpricedAnswer,
        parameters=(OF_PROVIDER, LIMIT, CURSOR),
        errors=(422,),
    ),
)
