"""The caller's identity as the server knows it: only the web process may name a key."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing

IDENTITY = "select public.pricing_identity(%s)"


@pytest.mark.parametrize(
    ("role", "says", "identity"),
    [
        ("pricing_web", "api:alice", "api:alice"),
        ("pricing_web", "alice", "pricing_web"),
        ("service_role", "api:alice", "service_role"),
        ("pricing_owner", "api:alice", "pricing_owner"),
        ("pricing_worker", "api:", "pricing_worker"),
    ],
)
def test_only_the_web_process_names_a_key(
    own_database: Pricing, role: str, says: str, identity: str
) -> None:
    own_database.do(
        f"grant execute on function public.pricing_identity(text), public.pricing_who() to {role}"
    )
    with own_database.as_role(role):
        assert own_database.value(IDENTITY, says) == identity
