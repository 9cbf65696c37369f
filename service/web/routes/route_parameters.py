"""Parameters that several routes share, as the OpenAPI document describes them."""

from __future__ import annotations

from service.web.handlers.held import OUTCOMES
from service.web.requests.pagination import DEFAULT_LIMIT, LARGEST_LIMIT
from service.web.requests.parameters import (
    LONGEST_NAME,
    LONGEST_USAGE,
    LONGEST_WAIT_SECONDS,
)
from service.web.routes.endpoint import Parameter

SYNC_ID = Parameter(
    "id",
    "path",
    "The job_id of the trigger's response.",
    {"type": "string", "format": "uuid"},
)

WAIT = Parameter(
    "wait",
    "query",
    "Respond as soon as the job ends, at the latest after this many seconds.",
    {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT_SECONDS, "default": 0},
)

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "The same key within 24 hours returns the same job.",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
)

HELD_ID = Parameter(
    "id", "path", "The id in the list of held changes.", {"type": "integer", "minimum": 1}
)

RULE_ID = Parameter("id", "path", "The id in the list of rules.", {"type": "integer", "minimum": 1})
SLUG = Parameter("slug", "path", "The provider's slug.", {"type": "string", "maxLength": 40})


DRY_RUN = Parameter(
    "dry_run",
    "query",
    "True: only show what it would change, as `dry_run` in the body does.",
    {"type": "boolean", "default": False},
)

HELD_STATUS = Parameter(
    "status",
    "query",
    "held: those that wait; rejected: those that were rejected and that their provider still"
    " lists; approved, applied, superseded, withdrawn: what became of others.",
    {"type": "string", "enum": ["held", "rejected", *OUTCOMES], "default": "held"},
)

_NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
THE_PROVIDER = Parameter("provider", "query", "The provider's slug.", _NAME, required=True)
THE_MODEL = Parameter(
    "model_id", "query", "The model, as the provider spells it.", _NAME, required=True
)
AT = Parameter(
    "at", "query", "At which time; left out: now.", {"type": "string", "format": "date-time"}
)

LIMIT = Parameter(
    "limit",
    "query",
    "At most this many. Of a list as CSV or lines of JSON; left out: all.",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
)

CURSOR = Parameter(
    "cursor",
    "query",
    "The next_cursor of the previous page; omitted: the first page.",
    {"type": "string"},
)

USAGE = Parameter(
    "usage",
    "query",
    'What the request used and says, as a JSON object: {"input_tokens": 1000}; docs/gateway.md has'
    " its keys.",
    {"type": "string", "minLength": 2, "maxLength": LONGEST_USAGE},
    required=True,
)
