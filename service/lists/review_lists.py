"""The lists of what people decide: held changes, overrides and rules."""

from __future__ import annotations

from service.lists.list_query import Filter, ListQuery, Sort, SortColumn
from service.lists.price_lists import OF_PROVIDER

NEWEST: Sort = (SortColumn("id", "bigint", descending=True),)
HELD_CLASSES = ("large", "unit", "list", "first_list", "rollback")

_HELD_COLUMNS = (
    "id",
    "provider",
    "model",
    "class",
    "reason",
    "ratio",
    "input_per_1m_before",
    "input_per_1m_now",
    "output_per_1m_before",
    "output_per_1m_now",
    "to_zero",
    "prices",
    "previous",
    "moves",
    "evidence",
    "source",
    "first_seen_at",
    "last_seen_at",
    "times_seen",
    "job_id",
    "observed_at",
)
_HELD_FILTERS = {
    "provider": OF_PROVIDER,
    "class": Filter(
        "Only of this class.", choices={name: f"class = '{name}'" for name in HELD_CLASSES}
    ),
    "job": Filter("Only changes last reported by this job.", "job_id = {value}", "uuid"),
    "id": Filter("Only this one.", "id = {value}", "bigint"),
}
_HELD_DOCUMENTS = frozenset({"prices", "previous", "moves", "evidence"})

HELD = ListQuery(
    view="pricing_held",
    columns=(*_HELD_COLUMNS, "applies_at"),
    filters=_HELD_FILTERS,
    sorts={"newest": NEWEST},
    documents=_HELD_DOCUMENTS,
)
REJECTED = ListQuery(
    view="pricing_rejected",
    columns=(*_HELD_COLUMNS, "decided_at", "decided_by", "decision_note"),
    filters=_HELD_FILTERS,
    sorts={"newest": NEWEST},
    documents=_HELD_DOCUMENTS,
)

# Every change that was ever held, whatever became of it.
HELD_ALL = ListQuery(
    view="pricing_held_all",
    columns=(*_HELD_COLUMNS, "status", "applies_at", "decided_at", "decided_by", "decision_note"),
    filters={
        **_HELD_FILTERS,
        "status": Filter(
            "Only with this outcome.",
            choices={
                word: f"status = '{word}'"
                for word in ("approved", "applied", "superseded", "withdrawn")
            },
        ),
    },
    sorts={"newest": NEWEST},
    documents=_HELD_DOCUMENTS,
)

OVERRIDES = ListQuery(
    view="pricing_active_overrides",
    columns=(
        "id",
        "provider",
        "model",
        "input_per_1m",
        "output_per_1m",
        "provider_input_per_1m",
        "provider_output_per_1m",
        "prices",
        "reason",
        "created_by",
        "created_at",
        "expires_at",
        "forced",
    ),
    filters={"provider": OF_PROVIDER},
    sorts={"newest": NEWEST, "name": (SortColumn("provider"), SortColumn("model"))},
    documents=frozenset({"prices"}),
)

RULES = ListQuery(
    view="pricing_active_rules",
    columns=(
        "id",
        "provider",
        "model",
        "up_to_ratio",
        "reason",
        "created_by",
        "created_at",
        "expires_at",
    ),
    filters={"provider": OF_PROVIDER},
    sorts={"newest": NEWEST},
)

AUDIT = ListQuery(
    view="pricing_audit",
    columns=(
        "id",
        "at",
        "who",
        "action",
        "subject",
        "provider",
        "model",
        "note",
        "details",
        "key_name",
        "session_login",
        "acting_role",
        "address",
    ),
    filters={
        "provider": OF_PROVIDER,
        "who": Filter("Only by this person, key (api:NAME) or user.", "who = {value}"),
        "action": Filter("Only this action, such as set_price_override.", "action = {value}"),
        "since": Filter("Only from this time on.", "at >= {value}", "timestamptz"),
        "until": Filter("Only before this time.", "at < {value}", "timestamptz"),
    },
    sorts={
        "newest": (
            SortColumn("at", "timestamptz", descending=True),
            SortColumn("id", "bigint", descending=True),
        )
    },
    documents=frozenset({"details"}),
)
