"""The audit log for people: what it was about, and why, and no secret."""

from __future__ import annotations

import pytest

from tests.db.price_decisions import call, held, listed, override, prices, said
from tests.db.pricing import Pricing, Row


def newest(pricing: Pricing) -> Row:
    with pricing.as_role("pricing_web"):
        return pricing.row("select * from public.pricing_audit order by at desc, id desc limit 1")


def about(row: Row) -> tuple[object, ...]:
    return row["action"], row["provider"], row["model"], row["note"]


def test_a_decision_about_a_price_has_its_model_and_the_person_s_words(pricing: Pricing) -> None:
    said(pricing, {"maker/m": prices(1, 2), "n": prices(1, 2)})
    override(pricing, "maker/m", prices={"price_per_input_token": "0.000002"})
    assert about(newest(pricing)) == ("set_price_override", "openrouter", "maker/m", "contract")

    waits = held(pricing, "n", prices(300, 2))
    call(pricing, "reject_held_price_change", id=waits, rejected_by="ann", note="cents")
    row = newest(pricing)
    assert about(row) == ("reject_held_price_change", "openrouter", "n", "cents")
    assert (row["who"], row["acting_role"], row["subject"]) == ("ann", "pricing_web", str(waits))

    waits = held(pricing, "n", prices(400, 2))
    call(pricing, "approve_held_price_change", id=waits, approved_by="ann")
    assert newest(pricing)["note"] is None, "the guards' reason is not the person's"

    call(
        pricing,
        "accept_price_changes",
        **{"provider": "openrouter", "up_to_ratio": 20, "until": "tomorrow"},
        **{"accepted_by": "ann", "reason": "announced"},
    )
    assert about(newest(pricing)) == ("accept_price_changes", "openrouter", None, "announced")


def test_a_decision_about_a_provider(pricing: Pricing) -> None:
    call(pricing, "update_pricing_provider", provider="openrouter", enabled=False, updated_by="ann")
    assert about(newest(pricing)) == ("change_provider", "openrouter", None, None)


@pytest.mark.parametrize("at", ["infinity", "-infinity"])
def test_no_time_that_clients_cannot_read(pricing: Pricing, at: str) -> None:
    pricing.maintain(
        "insert into public.pricing_audit_log (at, who, action, subject)"
        " values (%s, 'a', 'b', 'c')",
        at,
    )
    with pricing.as_role("pricing_web"):
        assert pricing.value("select count(at) from pricing_audit where who = 'a'") in (0, 1)


def test_no_secret_is_in_it(pricing: Pricing) -> None:
    key = pricing.value("select public.create_pricing_api_key('night')")
    pricing.value("select public.rotate_pricing_api_key('night')")
    pricing.do(
        "update public.pricing_providers set base_url = 'https://me:hunter2@host.example'"
        " where slug = 'openrouter'"
    )
    listed(pricing, "m")
    with pricing.as_role("pricing_web"):
        rows = str(pricing.rows("select a::text from public.pricing_audit a"))
        status = str(pricing.rows("select s::text from public.pricing_provider_status s"))
    assert "night" in rows and "//***@" in rows and "//***@" in status
    for secret in (key.rpartition("_")[2], "hunter2", "key_digest"):
        assert secret not in rows + status
