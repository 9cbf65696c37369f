"""Values that no database holds, in every place where a route takes one: never a 5xx."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from service.web.handlers.costs import CostBody
from service.web.handlers.held import DecisionBody, NoteBody
from service.web.handlers.overrides import ModelBody, OverrideBody
from service.web.handlers.provider_settings import FirstListBody, ProviderBody
from service.web.handlers.rollbacks import RollbackBody
from service.web.handlers.rules import RuleBody
from service.web.handlers.triggers import TriggerBody
from service.web.routes.all_routes import ROUTES
from service.web.routes.endpoint import Endpoint
from tests.service.reviews import CHEAP, Reviews
from tests.service.web.running import Web

# Cannot be stored, as JSON spells it; no route may accept it.
UNSTORABLE = ("\ud800", "a\udfffb", "\0", "a\0b")
# A field may accept these, and the database may refuse them.
ODD: tuple[Any, ...] = (
    "",
    "x" * 30_000,
    "9" * 400,
    "1e99",
    "NaN",
    "-infinity",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00",
    -1,
    2**31,
    2**63,
    10**400,
    1e308,
    True,
    None,
    [],
    {},
)
UNKNOWN = "00000000-0000-4000-8000-000000000000"
MODEL = {"provider": "openrouter", "model_id": "m"}
BODIES: dict[type, dict[str, Any]] = {
    TriggerBody: {"dry_run": True},
    DecisionBody: {},
    NoteBody: {},
    CostBody: MODEL | {"usage": {}},
    RollbackBody: {},
    RuleBody: {
        "provider": "openrouter",
        "up_to_ratio": 20,
        "expires_at": "2999-01-01T00:00:00Z",
        "reason": "x",
    },
    ModelBody: MODEL,
    ProviderBody: {"interval_seconds": 600},
    FirstListBody: {},
    OverrideBody: MODEL | {"reason": "x", "input_per_1m": 1},
}


def within(value: object) -> tuple[Any, ...]:
    """The value alone, in a list, as a value and as a key."""
    named = {value: 1} if isinstance(value, str) else {}
    return (value, [value], {"cache_read_per_1m": value}, named)


def addresses(route: Endpoint) -> Iterator[tuple[str, bool]]:
    """The paths to request, each with whether the request may succeed."""
    known = {"id": "1" if "{id}" in route.path and "sync/" not in route.path else UNKNOWN}
    plain = route.path.format(**known, slug="openrouter")
    required = {each.name: "m" for each in route.parameters if each.required}
    needed = "".join(f"{name}={value}&" for name, value in required.items())
    yield plain, True
    for odd in ("%00", "a%00b", "%ED%A0%80", "%FF", "9" * 400, "-1", str(2**63), "x" * 5_000):
        if "{" in route.path:
            yield route.path.format(id=odd, slug=odd), False
        for parameter in route.parameters:
            if parameter.where == "query":
                yield f"{plain}?{needed}{parameter.name}={odd}", True
    if any(parameter.name == "cursor" for parameter in route.parameters):
        for odd in (*UNSTORABLE, "9" * 400, str(2**63), "-1", "1_0", "\N{FULLWIDTH DIGIT ONE}"):
            for key in ([odd], ["a", odd], ["a", "b", odd], [[odd]], {odd: odd}):
                text = urlsafe_b64encode(json.dumps(key).encode()).decode()
                yield f"{plain}?{needed}cursor={quote(text)}", odd not in UNSTORABLE


def bodies(route: Endpoint) -> Iterator[tuple[str, bool]]:
    """The bodies to send, each with whether the request may succeed."""
    if route.body is None:
        yield "{}", True
        return
    valid = BODIES[route.body]
    yield json.dumps(valid), True
    for field in route.body.model_fields:
        for odd in UNSTORABLE:
            for value in within(odd):
                yield json.dumps(valid | {field: value}), False
        for odd in ODD:
            for value in within(odd):
                yield json.dumps(valid | {field: value}), True


def test_no_odd_value_is_an_error_of_the_server(web: Web, reviews: Reviews) -> None:
    reviews.model("openrouter", "m", CHEAP)
    wrong = []
    for route in ROUTES:
        requests = [(path, "{}", may) for path, may in addresses(route)]
        path = requests[0][0]
        requests += [(path, body, may) for body, may in bodies(route)]
        for path, body, may_succeed in requests:
            content = None if route.method == "GET" else body
            answer = web.client.request(route.method, path, content=content)
            if answer.status_code >= 500 or (answer.status_code < 300 and not may_succeed):
                wrong.append((route.method, path[:200], body[:200], answer.text[:200]))

    assert wrong == []
