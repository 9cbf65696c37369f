"""The look-up of a bearer key by its public part, and its validity."""

from __future__ import annotations

from hashlib import sha256

import pytest

from tests.db.pricing import Pricing, Row


def look_up(pricing: Pricing, key: str) -> list[Row]:
    with pricing.as_role("pricing_web"):
        return pricing.rows("select * from public.pricing_api_key(%s)", key.split("_")[1])


def has_admin_key(pricing: Pricing) -> bool:
    with pricing.as_role("pricing_web"):
        found: bool = pricing.value("select public.pricing_has_admin_key()")
    return found


def test_a_key_is_found_with_its_digest(pricing: Pricing) -> None:
    key = pricing.value("select public.create_pricing_api_key('ops', 'read')")
    assert look_up(pricing, key) == [
        {
            "name": "ops",
            "role": "read",
            "key_digest": sha256(key.encode()).digest(),
            "is_valid": True,
            "is_stale": True,
        }
    ]
    assert look_up(pricing, "psk_000000000000_") == []


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ("revoked_at = now()", False),
        ("expires_at = now() - interval '1 second'", False),
        ("expires_at = now() + interval '1 hour'", True),
    ],
)
def test_revoked_and_expired_keys_are_not_valid(pricing: Pricing, change: str, valid: bool) -> None:
    assert has_admin_key(pricing) is False
    pricing.do("select public.create_pricing_api_key('reader', 'read')")
    assert has_admin_key(pricing) is False, "a reader's key is none"
    key = pricing.value("select public.create_pricing_api_key('ops')")
    assert has_admin_key(pricing) is True
    pricing.do(f"update public.pricing_api_keys set {change} where name = 'ops'")
    assert look_up(pricing, key)[0]["is_valid"] is valid
    assert has_admin_key(pricing) is valid
