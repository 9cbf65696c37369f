"""Pass the HTTP caller to the database, within the statement that calls a function.

Each statement is its own transaction, so the setting ends with it, also behind a pooler. The
argument is computed before the function begins, so its audit row has key and address
(``db/functions/audit/sign_audit_row.sql``), an idempotency key its owner
(``db/functions/queue/idempotency_identity.sql``), and it costs no round trip.
"""

from __future__ import annotations

import json
from functools import lru_cache

from starlette.requests import Request

from service.web.auth import Identity, identity_of
from service.web.requests.client_address import client_of

_SAID = "(pg_catalog.set_config('pricing.http_caller', ${parameter}, true)::json ->> '{word}')"


def caller_name_sql(parameter: int) -> str:
    """The SQL of ``api:<key's name>``, which signs jobs; the parameter is ``caller_json``."""
    return _SAID.format(parameter=parameter, word="who")


def key_name_sql(parameter: int) -> str:
    """The SQL of the key's name alone, which signs reviews."""
    return _SAID.format(parameter=parameter, word="key")


def caller_json(request: Request) -> str:
    return _caller_json(identity_of(request), client_of(request.scope))


# A caller sends many requests with one key.
@lru_cache(maxsize=256)
def _caller_json(identity: Identity, address: str | None) -> str:
    return json.dumps(
        {
            "who": identity.caller_name,
            "key": identity.name,
            "key_id": identity.key_id,
            "address": address,
        }
    )
