"""A revoked key is no longer valid, and its name can be used again."""

from __future__ import annotations

from tests.db.pricing import Pricing, refused


def test_it_ends_at_once_and_its_name_is_free(pricing: Pricing) -> None:
    old = pricing.value("select public.create_pricing_api_key('ops')")
    assert pricing.value("select public.revoke_pricing_api_key('ops', 'alice')") == 1
    valid = "select is_valid from public.pricing_api_key(%s)"
    assert pricing.value(valid, old.split("_")[1]) is False
    assert pricing.row("select state, revoked_by from public.pricing_keys") == {
        "state": "revoked",
        "revoked_by": "alice",
    }
    with pricing.nothing_written():
        with refused("PT409"):
            pricing.do("select public.revoke_pricing_api_key('ops')")
        with refused("PT404"):
            pricing.do("select public.revoke_pricing_api_key('nobody')")
        with refused("PT404"):
            pricing.do("select public.revoke_pricing_api_key(null)")
    new = pricing.value("select public.create_pricing_api_key('ops', 'read')")
    assert pricing.value(valid, new.split("_")[1]) is True
    assert pricing.value(valid, old.split("_")[1]) is False
    assert pricing.row(
        "select who, subject from public.pricing_audit_log where action = 'revoke_api_key'"
    ) == {"who": "alice", "subject": "ops"}
