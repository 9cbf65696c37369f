"""A new bearer key is shown once and stored as a digest."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest

from tests.db.pricing import Pricing, refused


def test_a_key_is_made_and_only_its_digest_kept(pricing: Pricing) -> None:
    key = pricing.value("select public.create_pricing_api_key('ops laptop')")

    match = re.fullmatch(r"psk_([0-9a-f]{12})_[0-9a-f]{64}", key)
    assert match is not None
    row = pricing.row("select * from public.pricing_api_keys")
    assert (row["key_id"], row["name"], row["role"]) == (match[1], "ops laptop", "admin")
    assert row["key_digest"] == sha256(key.encode()).digest()
    assert (row["expires_at"], row["revoked_at"], row["created_by"]) == (None, None, "postgres")
    audit = pricing.row("select * from public.pricing_audit_log")
    assert (audit["who"], audit["action"], audit["subject"]) == (
        "postgres",
        "create_api_key",
        "ops laptop",
    )
    kept = pricing.value(
        "select (k::text || a::text) from public.pricing_api_keys k, public.pricing_audit_log a"
    )
    assert key.rpartition("_")[2] not in kept


def test_no_two_keys_are_alike(pricing: Pricing) -> None:
    keys = {
        pricing.value("select public.create_pricing_api_key(%s, 'read')", f"k{n}") for n in range(5)
    }
    assert len({part for key in keys for part in key.split("_")[1:]}) == 10
    assert pricing.rows("select distinct role from public.pricing_api_keys") == [{"role": "read"}]


@pytest.mark.parametrize(
    ("name", "role", "code"),
    [
        ("k", "owner", "PT422"),
        ("k", None, "PT422"),
        ("", "admin", "PT422"),
        (None, "admin", "PT422"),
        (" k", "admin", "PT422"),
        ("k\n", "admin", "PT422"),
        ("x" * 65, "admin", "PT422"),
        # The name of the caller that uses PRICING_ADMIN_KEY.
        ("admin", "read", "PT422"),
        *((name, "read", "PT422") for name in ("Admin", "ADMIN ", " admin", "ad min")),
        *((name, "read", "PT422") for name in ("k ", "k\t", "k\u200b", "k\u00a0", "\u0430dmin")),
        ("taken", "admin", "PT409"),
        *((name, "admin", "PT409") for name in ("Taken", "ta ken")),
    ],
)
def test_a_bad_name_or_role_is_refused(
    pricing: Pricing, name: str | None, role: str | None, code: str
) -> None:
    pricing.do("select public.create_pricing_api_key('taken')")
    with pricing.nothing_written(), refused(code):
        pricing.do("select public.create_pricing_api_key(%s, %s)", name, role)


def test_who_has_a_name_like_it_is_named(pricing: Pricing) -> None:
    pricing.do("select public.create_pricing_api_key('Night shift')")
    with refused("PT409") as caught:
        pricing.do("select public.create_pricing_api_key('nightshift')")
    assert "'Night shift'" in str(caught.value) and "'nightshift'" in str(caught.value)
    pricing.do("select public.revoke_pricing_api_key('Night shift')")
    pricing.do("select public.create_pricing_api_key('nightshift')")


def test_names_that_are_there_already_go_on(pricing: Pricing) -> None:
    """Keys with such names were created before the names were refused."""
    for number, name in enumerate(("Admin", "admin ", "ops", "OPS")):
        pricing.do(
            "insert into public.pricing_api_keys (key_id, name, key_digest, created_by)"
            " values (lpad(%s, 12, '0'), %s, sha256('x'), 'somebody')",
            str(number),
            name,
        )
        pricing.do("select public.rotate_pricing_api_key(%s)", name)
        assert pricing.value("select public.revoke_pricing_api_key(%s)", name) == 1


def test_a_replaced_secret_that_is_valid_has_the_name(pricing: Pricing) -> None:
    pricing.do("select public.create_pricing_api_key('ops')")
    pricing.do("select public.rotate_pricing_api_key('ops', grace => '1 hour')")
    pricing.do("update public.pricing_api_keys set revoked_at = now() where replaced_by is null")
    with refused("PT409"):
        pricing.do("select public.create_pricing_api_key('ops')")


def test_a_key_may_expire_but_not_in_the_past(pricing: Pricing) -> None:
    make = (
        "select public.create_pricing_api_key('k', 'operate', expires_at => now() + %s::interval)"
    )
    with pricing.nothing_written(), refused("PT422"):
        pricing.do(make, "-1 second")
    with pricing.nothing_written(), refused("PT422") as caught:
        pricing.do("select public.create_pricing_api_key('k', expires_at => 'infinity')")
    assert "leave it out for a key that does not expire" in str(caught.value.diag.message_hint)
    pricing.do(make, "90 days")
    shown = pricing.row(
        "select role, state, (expires_at - now())::text ~ '^(90|89) days' as expires_then"
        " from public.pricing_keys"
    )
    assert shown == {"role": "operate", "state": "active", "expires_then": True}


@pytest.mark.parametrize("role", ["pricing_web", "pricing_worker", "service_role", "anon"])
def test_only_the_owner_makes_keys(pricing: Pricing, role: str) -> None:
    with pricing.nothing_written(), refused("42501"), pricing.as_role(role):
        pricing.do("select public.create_pricing_api_key('k')")
    for call in ("rotate_pricing_api_key", "revoke_pricing_api_key"):
        with refused("42501"), pricing.as_role(role):
            pricing.do(f"select public.{call}('k')")
