"""Routes of rules, overrides, price changes and reports about prices."""

from __future__ import annotations

from service.web.handlers.costs import CostBody, compute_cost, get_cost
from service.web.handlers.history import (
    ANNOUNCED_LIST,
    CHANGE_LIST,
    HISTORY_LIST,
    list_announced,
    list_price_changes,
    list_price_history,
)
from service.web.handlers.models import MODEL_LIST, get_model, get_price_at, list_models
from service.web.handlers.overrides import (
    OVERRIDE_LIST,
    ModelBody,
    OverrideBody,
    clear_override,
    list_overrides,
    set_override,
)
from service.web.handlers.reports import (
    DRIFT_LIST,
    STALE_LIST,
    UNPRICED_LIST,
    list_drift,
    list_stale,
    list_unpriced,
)
from service.web.handlers.rules import RULE_LIST, RuleBody, add_rule, end_rule, list_rules
from service.web.responses.cost_responses import CostAnswer
from service.web.responses.override_responses import Override, OverrideOrPreview
from service.web.responses.preview_responses import PreviewAnswer, RulePreviewAnswer
from service.web.responses.price_responses import OneModel, PriceAtAnswer
from service.web.responses.rule_responses import Rule
from service.web.routes.endpoint import Endpoint, Link
from service.web.routes.list_endpoint import list_endpoint
from service.web.routes.route_parameters import (
    AT,
    DRY_RUN,
    RULE_ID,
    THE_MODEL,
    THE_PROVIDER,
    USAGE,
)

_MODEL = {name: f"$request.query.{name}" for name in ("provider", "model_id")}
OF_MODEL = {
    "history": Link("list_price_history", "Every price of this model.", _MODEL),
    "price_at": Link("get_price_at", "Its price at a time.", _MODEL),
}
_FIRST = {name: f"$response.body#/models/0/{name}" for name in ("provider", "model_id")}
OF_FIRST_MODEL = {
    "one": Link("get_model", "The first model, with its conditions.", _FIRST),
    "history": Link("list_price_history", "Every price of the first model.", _FIRST),
}
_SET = {name: f"$response.body#/{name}" for name in ("provider", "model_id")}

PRICE_ROUTES: tuple[Endpoint, ...] = (
    list_endpoint(
        "/admin/pricing/rules",
        list_rules,
        "The rules in force, which accept larger changes",
        RULE_LIST,
    ),
    Endpoint(
        "POST",
        "/admin/pricing/rules",
        add_rule,
        "Accept larger changes of a provider or model until a time",
        Rule,
        status=201,
        body=RuleBody,
        links={"end": Link("end_rule", "End the rule.", {"id": "$response.body#/id"})},
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
    list_endpoint(
        "/admin/pricing/overrides",
        list_overrides,
        "The prices that people have set",
        OVERRIDE_LIST,
    ),
    Endpoint(
        "POST",
        "/admin/pricing/overrides",
        set_override,
        "Set prices of a model in place of the synced ones",
        Override,
        status=201,
        body=OverrideBody,
        links={"clear": Link("clear_override", "End the override.", body=_SET)},
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
    list_endpoint(
        "/admin/pricing/models",
        list_models,
        "The prices in force, with filters and sorts",
        MODEL_LIST,
        links=OF_FIRST_MODEL,
    ),
    Endpoint(
        "GET",
        "/admin/pricing/models/one",
        get_model,
        "The prices in force of one model, with its conditions",
        OneModel,
        parameters=(THE_PROVIDER, THE_MODEL),
        errors=(404, 422),
        is_tagged=True,
        links=OF_MODEL,
    ),
    Endpoint(
        "GET",
        "/admin/pricing/models/price-at",
        get_price_at,
        "The price of a model that was in force at a time",
        PriceAtAnswer,
        parameters=(THE_PROVIDER, THE_MODEL, AT),
        errors=(404, 422),
        is_tagged=True,
    ),
    Endpoint(
        "GET",
        "/admin/pricing/models/cost",
        get_cost,
        "What one request costs, by the price of its time",
        CostAnswer,
        parameters=(THE_PROVIDER, THE_MODEL, USAGE, AT),
        errors=(404, 422),
        is_tagged=True,
    ),
    list_endpoint(
        "/admin/pricing/models/history",
        list_price_history,
        "Every price of a model, and what set it",
        HISTORY_LIST,
        THE_PROVIDER,
        THE_MODEL,
    ),
    list_endpoint(
        "/admin/pricing/changes",
        list_price_changes,
        "What changed in the prices that are charged, over all models",
        CHANGE_LIST,
    ),
    list_endpoint(
        "/admin/pricing/announced",
        list_announced,
        "Prices that will change at a known time",
        ANNOUNCED_LIST,
    ),
    list_endpoint(
        "/admin/pricing/stale",
        list_stale,
        "Providers and prices that were not confirmed in time",
        STALE_LIST,
    ),
    list_endpoint(
        "/admin/pricing/drift",
        list_drift,
        "Where a provider's price and the catalogue's differ by more than 1 %",
        DRIFT_LIST,
    ),
    list_endpoint(
        "/admin/pricing/unpriced",
        list_unpriced,
        "Active models without any price, and why",
        UNPRICED_LIST,
    ),
)
