"""The lists of prices: models, changes, announcements and reports."""

from __future__ import annotations

from service.lists.list_query import Filter, ListQuery, Sort, SortColumn
from service.prices.per_million import SHORT_NAMES

OF_PROVIDER = Filter("Only of this provider.", "provider = {value}")
BY_MODEL: Sort = (SortColumn("provider"), SortColumn("model"))

MODELS = ListQuery(
    view="model_prices",
    row_id="id",
    columns=(
        "provider",
        "model",
        "name",
        *SHORT_NAMES.values(),
        "has_conditions",
        "price_state",
        "unread",
        "source",
        "is_active",
        "last_changed_at",
        "confirmed_at",
        "is_held",
        "is_overridden",
        "provider_input_per_1m",
        "provider_output_per_1m",
        "id",
    ),
    filters={
        "provider": OF_PROVIDER,
        "model": Filter("Only of this id, as the provider spells it.", "model = {value}"),
        "q": Filter(
            "Part of a provider's slug, a model's id or its name, in any case.",
            # Both columns of the order, so that a plan can go by it in the smaller table.
            "(provider, model) in (select s.provider, s.model"
            " from public.pricing_searched_models s where s.words like '%' ||"
            r" regexp_replace(lower({value}), '([\%_])', '\\\1', 'g') || '%')",
        ),
        "state": Filter(
            "priced, free or unknown: of active models; held: another price waits; overridden: a"
            " person has set a price; stale: its price was not confirmed in time; inactive: no"
            " longer in the provider's list.",
            choices={
                # Not =: without statistics the planner takes that for one row of two hundred.
                "priced": "price_state not in ('free', 'unknown') and is_active",
                "free": "price_state = 'free' and is_active",
                "unknown": "price_state = 'unknown' and is_active",
                "held": "is_held",
                "overridden": "is_overridden",
                "stale": "(provider, model) in"
                " (select s.provider, s.model from public.pricing_stale s)",
                "inactive": "not is_active",
            },
        ),
    },
    sorts={
        "name": BY_MODEL,
        "price": (SortColumn("input_per_1m", "numeric", nullable=True), *BY_MODEL),
        "output_price": (SortColumn("output_per_1m", "numeric", nullable=True), *BY_MODEL),
        "changed": (
            SortColumn("last_changed_at", "timestamptz", descending=True, nullable=True),
            *BY_MODEL,
        ),
    },
)

_CHANGE_COLUMNS = (
    "changed_at",
    "provider",
    "model",
    "price",
    "before",
    "after",
    "percent",
    "condition",
    "effective_at",
    "in_force_until",
    "changed_by",
    "source",
    "job_id",
    "id",
)
_NEWEST_CHANGE: Sort = (
    SortColumn("changed_at", "timestamptz", descending=True),
    SortColumn("id", "bigint", descending=True),
    SortColumn("position", "integer"),
)

# As pricing_changes, whose own order makes the planner compute all rows for a page of them.
CHANGES = ListQuery(
    view="pricing_history",
    condition="is_in_force",
    columns=_CHANGE_COLUMNS,
    filters={
        "since": Filter("Only from this time on.", "changed_at >= {value}", "timestamptz"),
        "until": Filter("Only before this time.", "changed_at < {value}", "timestamptz"),
        "provider": OF_PROVIDER,
        "job": Filter("Only those that this job wrote.", "job_id = {value}", "uuid"),
    },
    sorts={"changed": _NEWEST_CHANGE},
    documents=frozenset({"condition"}),
)

HISTORY = ListQuery(
    view="pricing_history",
    columns=(*_CHANGE_COLUMNS, "is_in_force", "in_force_from"),
    filters={
        "provider": OF_PROVIDER,
        "model": Filter("The model, as the provider spells it.", "model = {value}"),
    },
    sorts={"changed": _NEWEST_CHANGE},
    documents=frozenset({"condition"}),
)

ANNOUNCED = ListQuery(
    view="pricing_announced",
    columns=(
        "effective_at",
        "provider",
        "model",
        "price",
        "before",
        "after",
        "percent",
        "condition",
        "source",
        "announced_at",
        "id",
    ),
    filters={"provider": OF_PROVIDER},
    sorts={
        # Two conditions of one model may announce the same price for the same moment.
        "effective": (
            SortColumn("effective_at", "timestamptz"),
            *BY_MODEL,
            SortColumn("price"),
            SortColumn("for_requests", expression="coalesce(condition::text, '')"),
            SortColumn("moved", expression="concat_ws(' ', before, after)"),
        )
    },
    documents=frozenset({"condition"}),
)

STALE = ListQuery(
    view="pricing_stale",
    columns=("provider", "model", "why", "confirmed_by", "confirmed_at", "due_at", "source"),
    filters={"provider": OF_PROVIDER},
    sorts={
        # A provider, whose model is null, comes before its models.
        "name": (SortColumn("provider"), SortColumn("of_model", expression="coalesce(model, '')")),
    },
)

DRIFT = ListQuery(
    view="pricing_drift",
    columns=(
        "provider",
        "model",
        "price",
        "provider_amount",
        "catalogue_amount",
        "ratio",
        "source",
        "catalogue",
    ),
    filters={"provider": OF_PROVIDER},
    sorts={"name": (*BY_MODEL, SortColumn("price"))},
)

UNPRICED = ListQuery(
    view="pricing_unpriced",
    columns=(
        "provider",
        "model",
        "name",
        "why",
        "held_id",
        "source",
        "first_seen_at",
        "lost_at",
    ),
    filters={"provider": OF_PROVIDER},
    sorts={"name": BY_MODEL},
)
