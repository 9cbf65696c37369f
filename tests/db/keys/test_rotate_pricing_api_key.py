"""A key gets a new secret under its name; the old secret ends at once or after a delay."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing, refused

VALID = "select is_valid from public.pricing_api_key(%s)"
SHOWN = (
    "select name, role, state, expires_at - created_at as length from public.pricing_keys"
    " order by created_at"
)


def is_valid(pricing: Pricing, key: str) -> bool:
    valid: bool = pricing.value(VALID, key.split("_")[1])
    return valid


def test_the_old_secret_ends_at_once(pricing: Pricing) -> None:
    old = pricing.value("select public.create_pricing_api_key('ops', 'operate')")
    new = pricing.value("select public.rotate_pricing_api_key('ops', 'alice')")
    assert (is_valid(pricing, old), is_valid(pricing, new)) == (False, True)
    shown = pricing.rows(SHOWN)
    assert [(row["name"], row["role"], row["state"]) for row in shown] == [
        ("ops", "operate", "revoked"),
        ("ops", "operate", "active"),
    ]
    audit = pricing.row("select * from public.pricing_audit_log where action = 'rotate_api_key'")
    assert (audit["who"], audit["subject"]) == ("alice", "ops")
    assert audit["details"]["replaces"] == old.split("_")[1]
    assert new.rpartition("_")[2] not in str(audit)


def test_or_after_a_grace_which_a_revocation_ends(pricing: Pricing) -> None:
    keys = [pricing.value("select public.create_pricing_api_key('ops')")]
    for grace in ("90 days", "1 hour"):
        keys.append(
            pricing.value("select public.rotate_pricing_api_key('ops', grace => %s)", grace)
        )
    assert [is_valid(pricing, key) for key in keys] == [True, True, True]
    assert pricing.value(
        "select bool_and(expires_at <= now() + interval '1 hour') from public.pricing_keys"
        " where replaced_by is not null"
    )
    assert pricing.value("select public.revoke_pricing_api_key('ops')") == 3
    assert [is_valid(pricing, key) for key in keys] == [False, False, False]


def test_a_rotation_without_grace_ends_all_the_earlier_ones(pricing: Pricing) -> None:
    first = pricing.value("select public.create_pricing_api_key('ops')")
    second = pricing.value("select public.rotate_pricing_api_key('ops', grace => '1 day')")
    third = pricing.value("select public.rotate_pricing_api_key('ops')")
    assert [is_valid(pricing, key) for key in (first, second, third)] == [False, False, True]


def test_an_expired_key_is_valid_again_for_as_long_as_before(pricing: Pricing) -> None:
    pricing.do(
        "select public.create_pricing_api_key('ops', expires_at => now() + interval '90 days')"
    )
    pricing.do(
        "update public.pricing_api_keys set created_at = created_at - interval '91 days',"
        " expires_at = expires_at - interval '91 days'"
    )
    assert pricing.value("select state from public.pricing_keys") == "expired"
    with refused("PT409"):
        pricing.do("select public.create_pricing_api_key('ops')")
    new = pricing.value("select public.rotate_pricing_api_key('ops')")
    assert is_valid(pricing, new)
    assert pricing.rows(SHOWN)[1]["length"].days in (89, 90)


@pytest.mark.parametrize(
    "expires_at", ["9999-12-31 00:00+00", "9999-12-31 23:59:58+00", "infinity"]
)
def test_the_end_of_what_clients_can_read_is_the_end(pricing: Pricing, expires_at: str) -> None:
    """A later time can be set only by hand, or before the bound existed."""
    pricing.do("select public.create_pricing_api_key('ops')")
    pricing.do("update public.pricing_api_keys set expires_at = %s", expires_at)
    for _ in range(2):
        new = pricing.value("select public.rotate_pricing_api_key('ops', grace => '1 hour')")
    assert is_valid(pricing, new)
    ends = pricing.value("select expires_at from public.pricing_keys where replaced_by is null")
    assert (ends and ends.year) == (None if expires_at == "infinity" else 9999)
    assert pricing.value("select public.revoke_pricing_api_key('ops')") == 3


def test_odd_times_in_a_row_keep_none_from_being_shown(pricing: Pricing) -> None:
    pricing.do("set timezone = 'Pacific/Kiritimati'")
    for name, time in (("late", "294276-12-31"), ("ever", "infinity"), ("past", "-infinity")):
        pricing.do("select public.create_pricing_api_key(%s)", name)
        pricing.do(
            "update public.pricing_api_keys set expires_at = %(at)s, created_at = %(at)s,"
            " last_used_at = %(at)s, revoked_at = %(at)s where name = %(name)s".replace(
                "%(at)s", f"'{time}'"
            ).replace("%(name)s", f"'{name}'")
        )
    rows = pricing.rows("select * from public.pricing_keys order by name")
    assert [row["name"] for row in rows] == ["ever", "late", "past"]
    assert rows[1]["expires_at"].year == 9999


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("'nobody'", "PT404"),
        ("null", "PT404"),
        ("'gone'", "PT404"),
        ("'ops', grace => '-1 second'", "PT422"),
        ("'ops', grace => '1 year'", "PT422"),
        ("'ops', grace => null", "PT422"),
        ("'ops', grace => '1000 months -29970 days'", "PT422"),
        ("'ops', expires_at => now() - interval '1 second'", "PT422"),
        ("'ops', expires_at => 'infinity'", "PT422"),
        ("'ops', expires_at => '9999-12-31 23:59-14:00'", "PT422"),
    ],
)
def test_refused(pricing: Pricing, arguments: str, code: str) -> None:
    pricing.do("select public.create_pricing_api_key('ops')")
    pricing.do("select public.create_pricing_api_key('gone')")
    pricing.do("select public.revoke_pricing_api_key('gone')")
    with pricing.nothing_written(), refused(code):
        pricing.do(f"select public.rotate_pricing_api_key({arguments})")
